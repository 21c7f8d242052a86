"""The plan of the house: which room may include which, and who may use what. Change it with an ADR."""

# Room -> rooms it may include besides itself. A name covers its sub-folders ("rtc" covers "rtc/srtp").
# base <- crypto <- rtc <- sfu <- signaling; wire stands on base; io, service, api, server and cli are the outside.
CORES = {
    "base": [],
    "json": ["base"],
    "crypto": ["base"],
    "wire": ["base"],
    "rtc": ["base", "crypto"],
    "sfu": ["base", "crypto", "wire", "rtc"],
    "signaling": ["base", "crypto", "wire", "rtc", "sfu"],
    "client": ["base", "crypto", "wire", "rtc"],
    "quality": ["base", "wire"],
    "contact": ["base", "crypto", "json"],
    "chime": ["base", "json", "wire"],
    "identity": ["base", "crypto", "json"],
    "pipeline": ["base", "json"],
    "deployment": ["base", "json"],
    "recording": ["base", "crypto", "wire"],
    "journal": ["base", "crypto", "wire"],
    "s3": ["base", "crypto", "wire"],
    "parameters": ["base", "crypto", "json", "identity", "recording", "wire", "s3"],
    "compose": ["base", "crypto", "wire", "rtc", "journal", "recording"],
}
OUTSIDE = {
    "io": [*CORES],
    "service": [*CORES, "io"],
    "api": [*CORES, "io", "service"],
    "server": [*CORES, "io", "service", "api"],
    "cli": [*CORES, "io", "service", "api", "server"],
}
ROOMS = {**CORES, **OUTSIDE}

# GPL libraries: only this room includes them, and only these programs and tests link it (ADR 4).
GPL_ROOM = "io/film"
GPL_HEADERS = ("x264.h", "libavcodec/", "libavformat/", "libavutil/", "libswresample/", "libswscale/")

# Who may include OpenSSL: the cores that wrap it, and TLS of the network shell.
OPENSSL_ROOMS = ("crypto", "rtc/dtls", "rtc/srtp", "io/net")

# Libraries that are heavy to compile or to have everywhere, and where they live.
BEAST_ROOMS = ("io/net",)

# The world, which cores do not see. Files: reason why one may.
WORLD_HEADERS = (
    "thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "latch", "barrier", "stop_token",
    "fstream", "filesystem", "iostream", "random", "ctime", "time.h", "unistd.h", "fcntl.h", "poll.h", "pthread.h",
    "signal.h", "csignal", "netdb.h", "sys/", "netinet/", "arpa/", "linux/",
)
WORLD_HEADERS_ALLOWED = {
    ("src/base/net_address.cpp", "arpa/inet.h"): "inet_pton and inet_ntop: text of addresses, no socket",
    ("src/rtc/dtls/transport.cpp", "sys/time.h"): "timeval, the type in which OpenSSL tells its timeout",
}
WORLD_WORDS = (
    r"\b(?:system|steady|high_resolution)_clock\b", r"\bclock_gettime\b", r"\bgettimeofday\b", r"\bstd::time\(",
    r"\bgetenv\b", r"\brandom_device\b", r"\bstd::s?rand\(", r"\bmt19937", r"\bstd::(?:j?thread|mutex|async)\b",
    r"\bstd::[io]?fstream\b", r"\bstd::filesystem\b", r"\bfopen\(", r"::(?:socket|recvfrom|sendto|connect)\(",
)
WORLD_WORDS_ALLOWED = {}

# Calls that nobody makes, by kind of file. Exceptions carry their reason.
BANNED_CALLS = {
    "strcpy": r"\bstrcpy\(", "strcat": r"\bstrcat\(", "sprintf": r"(?<![nv])sprintf\(", "gets": r"(?<![f\w.>:])gets\(",
    "system": r"(?:\bstd::|(?<![\w.:>]))system\(", "popen": r"\bpopen\(", "rand": r"\bstd::s?rand\(",
    "tmpnam": r"\btmpnam\(", "alloca": r"\balloca\(", "sleep": r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b",
}
BANNED_CALLS_ALLOWED = {  # a path that ends in / is a folder
    ("bench/", "sleep"): "a benchmark paces the load it offers",
    ("src/io/sandbox/system_calls.cpp", "sleep"): "names of system calls on a list; none is made",
    ("src/cli/demo/story_call.cpp", "sleep"): "the demo is played in real time, and asks the server as a client would, up to a deadline",
    ("src/cli/demo/story_recording.cpp", "sleep"): "as story_call.cpp",
    ("tests/system/net/http_server_test.cpp", "sleep"): "a client that drips bytes: the pause is the input, nothing is waited for",
    ("tests/system/story/harness.cpp", "sleep"): "the pause between two tries of a condition with a deadline; the server has no event for it",
    ("tests/unit/signature/signature_test.cpp", "system"): "the openssl program is the oracle",
    ("tests/system/compose/compose_fixture.hpp", "system"): "runs upcall-recorder as a user would",
    ("tests/system/drift/drift_test.cpp", "system"): "runs upcall-recorder as a user would",
    ("tests/system/composer_worker/worker_test.cpp", "system"): "runs upcall-recorder as a user would",
}

FILE_LINES_MAX = 800
FILE_LINES_WARN = 500
