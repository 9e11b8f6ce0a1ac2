# SPDX-License-Identifier: Apache-2.0
#
# The rules as data: what each folder may include and say. docs/decisions.md gives the reasons.

# Folder -> folders whose headers it may include with quotes. Longest folder that matches counts.
INCLUDES = {
    "runtime/core": ["core"],
    "runtime/client": ["core", "client"],
    "runtime/state": ["core", "state"],
    "runtime/topology": ["core", "client", "state", "topology"],
    "runtime/process": ["core", "client", "state", "topology", "process"],
    "runtime/operators": ["core", "client", "state", "topology", "process", "operators"],
    "runtime/task": ["core", "client", "state", "topology", "process", "task"],
    "runtime/cluster": ["core", "client", "state", "topology", "process", "task", "cluster"],
    "mockbroker/wire": ["core", "wire"],
    "mockbroker/log": ["core", "wire", "log"],
    "mockbroker/group": ["core", "group"],
    "mockbroker/txn": ["core", "txn"],
    "mockbroker/brokers": ["core", "wire", "log", "group", "txn", "brokers"],
    "mockbroker/server": ["core", "wire", "brokers", "server"],
    "mockbroker/apis": ["core", "wire", "log", "group", "txn", "brokers", "server", "apis"],
    "mockbroker": ["core", "group", "txn", "brokers", "server", "apis"],
    "driver/sim": ["core", "sim"],
    "driver/common": ["core", "client", "state", "topology", "process", "common"],
    "driver/check": ["core", "check"],
    "driver/sync": ["core", "client", "topology", "process", "task", "cluster", "common", "sync"],
    "plans": ["plans"],
    "programs/mockbroker": ["mockbroker"],
    "tests/conformance/replay": ["replay"],
    "tests/fuzz/random": ["replay", "random"],
    "tests/protocol": ["core", "wire", "sim", "protocol"],
    "tests/fuzz/bytes": ["core", "state", "task", "wire", "log", "bytes"],
    "fixtures": ["fixtures"],
    "examples": ["common", "fixtures"],
    "examples/project": ["project"],
}

# Where quoted includes are looked for; the folder's own headers may be named without a folder.
INCLUDE_DIRS = ["", "runtime", "mockbroker", "driver", "tests", "tests/conformance",
                "tests/fuzz", "programs"]
PUBLIC_INCLUDE_DIRS = ["runtime/include", "mockbroker/include", "driver/include", "plans/include"]

# Public headers of the test side begin so, and only these may include them.
TEST_SIDE_HEADERS = ("weir/driver", "weir/mockbroker", "weir/mock_event", "weir/event",
                     "weir/checkers")
TEST_SIDE_USERS = ["mockbroker", "driver", "tests", "scenarios", "bench", "programs",
                   "examples/project/test_orders.c", "examples/project/test_reminders.c",
                   "examples/project/test_enriched.c",
                   "examples/project/test_partitions.c",
                   "examples/project/test_reminder_alone.c"]

CALL = r"\b(?:%s)\s*\("

# (what, regular expression, folders or files checked, folders or files allowed)
FORBIDDEN = [
    ("librdkafka", r"\brd_kafka_\w+", [""],
     ["runtime/client", "mockbroker", "tests", "bench"]),
    ("RocksDB", r"\brocksdb_\w+", [""],
     ["runtime/state/rocksdb.c", "runtime/state/rocksdb_options.c",
      "runtime/state/rocksdb_options.h", "driver/cluster/warm_up.c", "tests", "bench"]),
    ("clock", CALL % "clock_gettime|gettimeofday|timespec_get|time|clock", [""],
     ["runtime/core/clock.c", "driver", "bench", "scenarios", "tests/unit/sim",
      "tests/protocol/targets.c", "tests/protocol/runner.c"]),
    ("sleep", CALL % "sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep", [""],
     ["driver/sim", "tests/unit/sim", "tests/helpers/doomed.c"]),  # a callback's mistake
    ("randomness", CALL % "rand|rand_r|random|srand|getrandom|arc4random|drand48", [""],
     ["runtime/core/clock.c", "driver/sim", "tests/unit/sim"]),
    ("thread creation", CALL % "pthread_create|thrd_create", ["runtime", "fixtures", "examples"],
     ["runtime/cluster"]),
    ("lock", r"\bpthread_(?:mutex|cond|rwlock|once)_\w+",
     ["runtime/core", "runtime/state", "runtime/topology", "runtime/operators", "fixtures"],
     ["runtime/state/directory.c"]),  # shared by the threads of an instance
    ("abort or exit", CALL % "abort|exit|_exit|quick_exit", ["runtime", "mockbroker"],
     ["runtime/core/error.c"]),
    ("non-local jump", CALL % "setjmp|longjmp|_setjmp", ["runtime", "mockbroker", "fixtures"], []),
    ("unbounded or unchecked function",
     CALL % "strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|alloca|system", [""], []),
]

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

# docs/operators.md names every function that these declare.
OPERATOR_HEADERS = ["dsl.h", "suppress.h", "windowed.h", "windows.h"]

SPDX = "/* SPDX-License-Identifier: Apache-2.0"
UNFINISHED = r"\b(?:TODO|FIXME|XXX|HACK)\b"
