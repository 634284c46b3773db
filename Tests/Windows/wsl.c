// A stand-in of Windows' wsl.exe, which writes down what it was called with. It needs no C library, so that the compiler
// of the Swift toolchain builds it for Windows by itself.
//
// Environment: STUB_LOG names a file, to which each call appends a line "call", its arguments as "argument: …", and what
// WSLENV names as "NAME/flags=value". STUB_TRUE, STUB_VERSION and STUB_RUN are the statuses with which the looks at the
// distribution and at the worker, and all other calls end; none is 0.

typedef void *Handle;
typedef unsigned int Word;
typedef unsigned short Character;

__declspec(dllimport) Character *GetCommandLineW(void);
__declspec(dllimport) Character **CommandLineToArgvW(const Character *, int *);
__declspec(dllimport) Word GetEnvironmentVariableW(const Character *, Character *, Word);
__declspec(dllimport) Handle CreateFileW(const Character *, Word, Word, void *, Word, Word, Handle);
__declspec(dllimport) int WriteFile(Handle, const void *, Word, Word *, void *);
__declspec(dllimport) int WideCharToMultiByte(Word, Word, const Character *, int, char *, int, const char *, int *);
__declspec(dllimport) __declspec(noreturn) void ExitProcess(Word);

enum { utf8 = 65001, append = 4, shared = 3, openAlways = 4, normal = 0x80 };

static Handle file;

static void write(const Character *text) {
    static char bytes[65536];
    Word written;
    int count = WideCharToMultiByte(utf8, 0, text, -1, bytes, sizeof bytes, 0, 0);
    if (count > 1) WriteFile(file, bytes, count - 1, &written, 0);
}

static int equal(const Character *one, const Character *other) {
    while (*one && *one == *other) { one++; other++; }
    return *one == *other;
}

static Word status(const Character *name) {
    Character text[16];
    Word number = 0;
    if (!GetEnvironmentVariableW(name, text, 16)) return 0;
    for (Character *digit = text; *digit; digit++) number = number * 10 + (*digit - '0');
    return number;
}

static void writeEnvironment(void) {
    static Character list[32768], value[32768];
    if (!GetEnvironmentVariableW(u"WSLENV", list, 32768)) return;
    for (Character *name = list, *next; *name; name = next) {
        for (next = name; *next && *next != ':'; next++) {}
        if (*next) *next++ = 0;
        if (!*name) continue;
        write(name);
        write(u"=");
        Character *slash = name;
        while (*slash && *slash != '/') slash++;
        *slash = 0;
        write(GetEnvironmentVariableW(name, value, 32768) ? value : u"(unset)");
        write(u"\n");
    }
}

void start(void) {
    static Character log[1024];
    int count;
    Character **arguments = CommandLineToArgvW(GetCommandLineW(), &count);
    GetEnvironmentVariableW(u"STUB_LOG", log, 1024);
    file = CreateFileW(log, append, shared, 0, openAlways, normal, 0);
    write(u"call\n");
    for (int i = 1; i < count; i++) {
        write(u"argument: ");
        write(arguments[i]);
        write(u"\n");
    }
    writeEnvironment();
    if (count == 3 && equal(arguments[2], u"true")) ExitProcess(status(u"STUB_TRUE"));
    if (count == 4 && equal(arguments[3], u"--version")) ExitProcess(status(u"STUB_VERSION"));
    ExitProcess(status(u"STUB_RUN"));
}
