@echo off
rem Runs quali-worker in WSL with these settings, which are those of the Python worker's file of this name:
rem copy your "set" lines over these. A percent sign in a value is written twice. Further settings go here
rem as well, such as "set QUALI_COMPONENT_MATCH=original". "run_worker.cmd check" tries them all and changes
rem nothing; what else stands behind the name are options of "quali-worker run". To end it press Ctrl-C.
setlocal EnableExtensions DisableDelayedExpansion

set AWS_KEY_NAME=PROMPT
set AWS_KEY=PROMPT

set CLOUDSHELL_URL=https://demo.quali.com:3443
set CLOUDSHELL_DOMAIN=Quali Product
set CLOUDSHELL_USER=PROMPT
set CLOUDSHELL_PASSWORD=PROMPT

set AWS_REGION=us-west-2
set JOB_WORKER_VERSION=9
set RUN_COMMAND_ACTION_NAME=Quali-Run-Command
set START_SANDBOX_ACTION_NAME=Quali-Start-Sandbox
set END_SANDBOX_ACTION_NAME=Quali-End-Sandbox

set COMMAND=run
if x%1==xcheck set COMMAND=

rem --- Nothing from here on needs an edit; it is the same in all three files. ---
set WSL=
for %%f in (wsl.exe) do set "WSL=%%~$PATH:f"
if not defined WSL goto noWSL
"%WSL%" --exec true <nul
if not "%ERRORLEVEL%"=="0" goto noDistribution
"%WSL%" --exec quali-worker --version <nul >nul
if not "%ERRORLEVEL%"=="0" goto noWorker

rem What "aws configure" left behind in Windows counts, where nothing else is set.
set "KEPT=%USERPROFILE%\.aws\credentials"
if not defined AWS_SHARED_CREDENTIALS_FILE if exist "%KEPT%" set "AWS_SHARED_CREDENTIALS_FILE=%KEPT%"
set "KEPT=%USERPROFILE%\.aws\config"
if not defined AWS_CONFIG_FILE if exist "%KEPT%" set "AWS_CONFIG_FILE=%KEPT%"

rem "set" complains of beginnings that no name has.
call :shareAll 2>nul
"%WSL%" --exec quali-worker %COMMAND% %*
exit /b %ERRORLEVEL%

:shareAll
for %%b in (
    AWS_ CLOUDSHELL_ QUALI_ JOB_WORKER_VERSION START_SANDBOX_ACTION_NAME RUN_COMMAND_ACTION_NAME
    END_SANDBOX_ACTION_NAME LOG_LEVEL LOG_FORMAT HTTPS_PROXY HTTP_PROXY NO_PROXY
) do for /f "delims==" %%n in ('set %%b') do call :share %%n
goto :eof

rem WSLENV names what Linux gets of the environment: as it is (/u), or a path of Windows as Linux has it (/up).
:share
set "NAME=%1"
set FLAGS=u
if "%NAME:~-5%"=="_FILE" call :lookForDrive %1
if "%NAME:~-7%"=="_BUNDLE" call :lookForDrive %1
set "WSLENV=%WSLENV%:%1/%FLAGS%"
goto :eof

:lookForDrive
call set "VALUE=%%%1%%"
if "%VALUE:~1,2%"==":\" set FLAGS=up
goto :eof

:noWSL
echo There is no wsl.exe. Docs/windows.md of quali-worker says which Windows has it, and what to do without. 1>&2
exit /b 125

:noDistribution
echo wsl.exe starts no Linux. Install one with: wsl --install Debian 1>&2
exit /b 126

:noWorker
echo The Linux that wsl.exe starts has no quali-worker that runs. Install its package there: Docs/windows.md. 1>&2
exit /b 127
