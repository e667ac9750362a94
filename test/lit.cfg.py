"""lit configuration: every .pto and .td file with RUN lines is a test."""
import os

import lit.formats

config.name = "ptoas"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".pto", ".td", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.binary_dir, "test", "out")
config.excludes = ["Inputs"]

tools = os.path.join(config.binary_dir, "bin")
config.environment["PATH"] = os.pathsep.join([tools, config.llvm_tools_dir, config.environment["PATH"]])
# Stack traces of expected failures are noise.
config.environment["LLVM_DISABLE_CRASH_REPORT"] = "1"
config.environment["ASAN_OPTIONS"] = "detect_leaks=0"

config.substitutions.append(
    ("%every-schedule", f"{config.python} " + os.path.join(config.source_dir, "test", "Inputs", "every_schedule.py")))
config.substitutions.append(
    ("%every-deletion", f"{config.python} " + os.path.join(config.source_dir, "test", "Inputs", "every_deletion.py")))
config.substitutions.append(("%examples", os.path.join(config.source_dir, "examples")))
config.substitutions.append(("%bench", os.path.join(config.source_dir, "bench")))
config.substitutions.append(("%scripts", os.path.join(config.source_dir, "scripts")))
config.substitutions.append(("%include", os.path.join(config.source_dir, "include")))
config.substitutions.append(("%llvm-include", "/usr/lib/llvm-22/include"))
config.substitutions.append(("%python", config.python))
