@echo off
rem Deletes the three action types of a version with quali-worker in WSL. Pipelines that still name the version
rem fail from then on. They are named, and nothing is asked; with --dry-run nothing is deleted, either. What stands
rem behind the name are options of "quali-worker actions uninstall".
setlocal EnableExtensions DisableDelayedExpansion

set AWS_REGION=us-west-2
set RUN_COMMAND_ACTION_NAME=Quali-Run-Command
set START_SANDBOX_ACTION_NAME=Quali-Start-Sandbox
set END_SANDBOX_ACTION_NAME=Quali-End-Sandbox

rem The Python worker's definitions have version 9.
set v=10

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
"%WSL%" --exec quali-worker actions uninstall --yes --version %v% %*
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
