//===- CompileTest.cpp - The text is C++, and computes what arith means ----===//
//
// Printed files are compiled as C++17 against the headers of runtime/. Scalar functions are
// also run: each row of the table is one function, its calls, and what MLIR says they give.
//
//===----------------------------------------------------------------------===//

#include "Emit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "gtest/gtest.h"

using namespace pto::test;

namespace {
/// A directory that is removed with what is in it.
class TemporaryDirectory {
public:
  TemporaryDirectory() { EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("ptoas-cpp", path)); }
  ~TemporaryDirectory() { llvm::sys::fs::remove_directories(path); }
  std::string file(llvm::StringRef name) const { return (path + "/" + name).str(); }
  void write(llvm::StringRef name, llvm::StringRef text) const {
    std::error_code error;
    llvm::raw_fd_ostream(file(name), error) << text;
    EXPECT_FALSE(error);
  }
  std::string read(llvm::StringRef name) const {
    auto buffer = llvm::MemoryBuffer::getFile(file(name));
    return buffer ? (*buffer)->getBuffer().str() : "";
  }

private:
  llvm::SmallString<128> path;
};

/// Compiles `text`; with `run` also runs it. What the compiler or the program says is the failure's
/// message.
void compile(llvm::StringRef text, bool run) {
  TemporaryDirectory directory;
  directory.write("kernel.cpp", text);
  std::string source = directory.file("kernel.cpp"), program = directory.file("kernel"),
              log = directory.file("log");
  std::vector<llvm::StringRef> arguments = {PTOAS_CLANGXX,
                                            "-std=c++17",
                                            "-D__NPU_ARCH__=2201",
                                            "-D__DAV_VEC__",
                                            "-D__DAV_CUBE__",
                                            "-Wall",
                                            "-Wno-unused",
                                            "-Werror",
                                            "-Wno-return-type-c-linkage",
                                            "-I" PTOAS_RUNTIME_INCLUDE,
                                            source};
  if (run)
    for (llvm::StringRef extra : {"-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all", "-o"})
      arguments.push_back(extra);
  arguments.push_back(run ? llvm::StringRef(program) : "-fsyntax-only");
  std::optional<llvm::StringRef> redirects[] = {std::nullopt, llvm::StringRef(log),
                                                llvm::StringRef(log)};
  int code = llvm::sys::ExecuteAndWait(PTOAS_CLANGXX, arguments, std::nullopt, redirects);
  ASSERT_EQ(code, 0) << directory.read("log") << text.str();
  if (run)
    EXPECT_EQ(llvm::sys::ExecuteAndWait(program, {program}, std::nullopt, redirects), 0)
        << directory.read("log") << text.str();
}

struct Row {
  llvm::StringLiteral type;                              ///< of %a and %b
  llvm::StringLiteral body;                              ///< makes %r
  llvm::StringLiteral result;                            ///< type of %r
  std::vector<std::array<llvm::StringLiteral, 3>> calls; ///< a, b, expected: C++ expressions
};

const std::vector<Row> &rows() {
  static const std::vector<Row> table = {
      // Wrapping arithmetic: nothing may be undefined (the program runs under UBSan).
      {"i32",
       "%r = arith.addi %a, %b : i32",
       "i32",
       {{"INT32_MAX", "1", "INT32_MIN"}, {"-3", "5", "2"}}},
      {"i32",
       "%c = arith.constant -7 : i32\n%r = arith.addi %a, %c : i32",
       "i32",
       {{"INT32_MIN", "0", "INT32_MAX - 6"}}},
      {"i64", "%r = arith.subi %a, %b : i64", "i64", {{"INT64_MIN", "1", "INT64_MAX"}}},
      {"i16",
       "%r = arith.muli %a, %b : i16",
       "i16",
       {{"-32768", "-32768", "0"}, {"300", "300", "24464"}}},
      {"i8",
       "%s = arith.addi %a, %b : i8\n%r = arith.addi %s, %b : i8",
       "i8",
       {{"100", "100", "44"}}},
      {"i64",
       "%c = arith.constant 3000000000 : i64\n%r = arith.muli %c, %a : i64",
       "i64",
       {{"4", "0", "12000000000"}}},
      {"i32", "%r = arith.divsi %a, %b : i32", "i32", {{"-7", "2", "-3"}}},
      {"i32", "%r = arith.remsi %a, %b : i32", "i32", {{"-7", "2", "-1"}}},
      {"i32", "%r = arith.divui %a, %b : i32", "i32", {{"-1", "2", "INT32_MAX"}}},
      {"i64",
       "%c = arith.constant 10 : i64\n%r = arith.remui %a, %c : i64",
       "i64",
       {{"-1", "0", "5"}}},
      {"i8", "%r = arith.divui %a, %b : i8", "i8", {{"-1", "2", "127"}}},
      {"i32",
       "%r = arith.ceildivsi %a, %b : i32",
       "i32",
       {{"7", "2", "4"}, {"-7", "2", "-3"}, {"7", "-2", "-3"}, {"-7", "-2", "4"}, {"6", "2", "3"}}},
      {"i32",
       "%r = arith.ceildivui %a, %b : i32",
       "i32",
       {{"-1", "2", "INT32_MIN"}, {"0", "5", "0"}}},
      {"i32",
       "%r = arith.floordivsi %a, %b : i32",
       "i32",
       {{"-7", "2", "-4"}, {"7", "-2", "-4"}, {"-6", "3", "-2"}, {"7", "2", "3"}}},
      {"index",
       "%c = arith.constant 16 : index\n%l = arith.constant 0 : index\n%m = arith.maxsi %a, %l : "
       "index\n"
       "%r = arith.ceildivui %m, %c : index",
       "index",
       {{"33", "0", "3"}, {"-5", "0", "0"}}},
      {"i16", "%r = arith.shli %a, %b : i16", "i16", {{"-1", "15", "-32768"}}},
      {"i32", "%r = arith.shrsi %a, %b : i32", "i32", {{"-8", "1", "-4"}}},
      {"i16", "%r = arith.shrui %a, %b : i16", "i16", {{"-1", "12", "15"}}},
      {"i32",
       "%s = arith.andi %a, %b : i32\n%t = arith.ori %s, %a : i32\n%r = arith.xori %t, %b : i32",
       "i32",
       {{"12", "10", "6"}}},
      {"i32",
       "%c = arith.constant -1 : i32\n%r = arith.xori %a, %c : i32",
       "i32",
       {{"5", "0", "-6"}}},
      {"i32",
       "%s = arith.maxui %a, %b : i32\n%r = arith.minsi %s, %b : i32",
       "i32",
       {{"-1", "3", "-1"}}},
      {"i32", "%r = arith.minui %a, %b : i32", "i32", {{"-1", "3", "3"}}},
      {"i32",
       "%r = arith.cmpi ult, %a, %b : i32",
       "i1",
       {{"-1", "3", "false"}, {"3", "-1", "true"}}},
      {"i64",
       "%r = arith.cmpi sge, %a, %b : i64",
       "i1",
       {{"-1", "3", "false"}, {"3", "3", "true"}}},
      // true is -1 as a signed number.
      {"i1",
       "%r = arith.cmpi slt, %a, %b : i1",
       "i1",
       {{"true", "false", "true"}, {"false", "true", "false"}}},
      {"i1",
       "%r = arith.maxsi %a, %b : i1",
       "i1",
       {{"true", "false", "false"}, {"true", "true", "true"}}},
      {"i1",
       "%r = arith.addi %a, %b : i1",
       "i1",
       {{"true", "true", "false"}, {"true", "false", "true"}}},
      {"i1", "%r = arith.extsi %a : i1 to i32", "i32", {{"true", "false", "-1"}}},
      {"i1", "%r = arith.extui %a : i1 to i8", "i8", {{"true", "false", "1"}}},
      {"i1",
       "%r = arith.sitofp %a : i1 to f32",
       "f32",
       {{"true", "false", "-1.0f"}, {"false", "true", "0.0f"}}},
      {"i1",
       "%t = arith.constant true\n%r = arith.xori %a, %t : i1",
       "i1",
       {{"true", "false", "false"}}},
      {"i8", "%r = arith.extui %a : i8 to i32", "i32", {{"-1", "0", "255"}}},
      {"i32", "%r = arith.trunci %a : i32 to i1", "i1", {{"2", "0", "false"}, {"-1", "0", "true"}}},
      {"i32", "%r = arith.trunci %a : i32 to i8", "i8", {{"511", "0", "-1"}}},
      {"i32", "%r = arith.index_castui %a : i32 to index", "index", {{"-1", "0", "4294967295"}}},
      {"i32", "%r = arith.index_cast %a : i32 to index", "index", {{"-1", "0", "-1"}}},
      {"i32", "%r = arith.uitofp %a : i32 to f32", "f32", {{"-1", "0", "4294967296.0f"}}},
      {"i32", "%r = arith.sitofp %a : i32 to f16", "f16", {{"2049", "0", "(half)2048.0f"}}},
      {"f32",
       "%r = arith.fptoui %a : f32 to i32",
       "i32",
       {{"3000000000.0f", "0.0f", "-1294967296"}}},
      {"f16",
       "%s = arith.addf %a, %b : f16\n%r = arith.mulf %s, %b : f16",
       "f16",
       {{"(half)1.5f", "(half)2.0f", "(half)7.0f"}}},
      {"bf16",
       "%r = arith.subf %a, %b : bf16",
       "bf16",
       {{"(bfloat16_t)3.0f", "(bfloat16_t)1.0f", "(bfloat16_t)2.0f"}}},
      {"f32", "%r = arith.negf %a : f32", "f32", {{"0.0f", "0.0f", "-0.0f"}}},
      {"f32",
       "%r = arith.remf %a, %b : f32",
       "f32",
       {{"-7.5f", "2.0f", "-1.5f"},
        {"1e30f", "3.0f", "__builtin_fmodf(1e30f, 3.0f)"},
        {"-4.0f", "2.0f", "-0.0f"},
        {"3.0f", "__builtin_inff()", "3.0f"}}},
      {"f32",
       "%r = arith.maximumf %a, %b : f32",
       "f32",
       {{"-0.0f", "0.0f", "0.0f"}, {"1.0f", "2.0f", "2.0f"}}},
      {"f32",
       "%r = arith.minimumf %a, %b : f32",
       "f32",
       {{"0.0f", "-0.0f", "-0.0f"}, {"0.0f", "0.0f", "0.0f"}}},
      {"f32",
       "%m = arith.maximumf %a, %b : f32\n%r = arith.cmpf uno, %m, %b : f32",
       "i1",
       {{"__builtin_nanf(\"\")", "1.0f", "true"}}},
      {"f32",
       "%r = arith.maxnumf %a, %b : f32",
       "f32",
       {{"__builtin_nanf(\"\")", "1.0f", "1.0f"}, {"1.0f", "__builtin_nanf(\"\")", "1.0f"}}},
      {"f32",
       "%r = arith.minnumf %a, %b : f32",
       "f32",
       {{"3.0f", "__builtin_nanf(\"\")", "3.0f"}, {"3.0f", "1.0f", "1.0f"}}},
      {"f32",
       "%r = arith.cmpf one, %a, %b : f32",
       "i1",
       {{"1.0f", "2.0f", "true"}, {"__builtin_nanf(\"\")", "2.0f", "false"}}},
      {"f32",
       "%r = arith.cmpf ueq, %a, %b : f32",
       "i1",
       {{"1.0f", "2.0f", "false"}, {"__builtin_nanf(\"\")", "2.0f", "true"}}},
      {"f32",
       "%r = arith.cmpf ugt, %a, %b : f32",
       "i1",
       {{"1.0f", "2.0f", "false"}, {"__builtin_nanf(\"\")", "2.0f", "true"}}},
      {"f32", "%r = arith.bitcast %a : f32 to i32", "i32", {{"1.0f", "0.0f", "0x3f800000"}}},
      {"f32",
       "%c = arith.constant 0xFFC12345 : f32\n%r = arith.bitcast %c : f32 to i32",
       "i32",
       {{"1.0f", "0.0f", "(int32_t)0xFFC12345u"}}},
      {"f32",
       "%c = arith.constant 0xFF800000 : f32\n%r = arith.cmpf olt, %c, %a : f32",
       "i1",
       {{"-3e38f", "0.0f", "true"}}},
      {"f64",
       "%c = arith.constant 0.1 : f64\n%r = arith.addf %a, %c : f64",
       "f64",
       {{"0.2", "0.0", "0.2 + 0.1"}}},
      {"f64", "%r = arith.truncf %a : f64 to f16", "f16", {{"0.1", "0.0", "(half)0.1"}}},
      {"i32",
       "%s, %r = arith.addui_extended %a, %b : i32, i1",
       "i1",
       {{"-1", "1", "true"}, {"1", "1", "false"}}},
      {"i32",
       "%s, %r = arith.mulsi_extended %a, %b : i32",
       "i32",
       {{"INT32_MIN", "2", "-1"}, {"1 << 30", "4", "1"}}},
      {"i64",
       "%s, %r = arith.mulsi_extended %a, %b : i64",
       "i64",
       {{"-1", "1", "-1"}, {"INT64_MIN", "INT64_MIN", "int64_t(1) << 62"}}},
      {"i64", "%s, %r = arith.mului_extended %a, %b : i64", "i64", {{"-1", "-1", "-2"}}},
      // The least integer has no literal of its own.
      {"i64",
       "%c = arith.constant -9223372036854775808 : i64\n%r = arith.xori %a, %c : i64",
       "i64",
       {{"0", "0", "INT64_MIN"}}},
      {"i32",
       "%c = arith.constant -2147483648 : i32\n%r = arith.subi %a, %c : i32",
       "i32",
       {{"0", "0", "INT32_MIN"}}},
      // Chains stay in the unsigned type; narrow ones must not, their bits above the width would
      // show.
      {"i32",
       "%s = arith.addi %a, %b : i32\n%t = arith.muli %s, %b : i32\n%u = arith.shli %t, %b : i32\n"
       "%r = arith.shrui %u, %b : i32",
       "i32",
       {{"INT32_MAX", "3", "6"}}},
      {"i8",
       "%s = arith.shli %a, %b : i8\n%r = arith.divui %s, %b : i8",
       "i8",
       {{"-1", "4", "60"}}},
      {"i32",
       "%s = arith.subi %a, %b : i32\n%r = arith.divsi %s, %b : i32",
       "i32",
       {{"1", "3", "0"}, {"-9", "3", "-4"}}},
      // Precedence: the tree of the program, not the one that C++ would make of the bare operators.
      {"i64",
       "%s = arith.addi %a, %b overflow<nsw> : i64\n%t = arith.subi %a, %b overflow<nsw> : i64\n"
       "%r = arith.muli %s, %t overflow<nsw> : i64",
       "i64",
       {{"5", "3", "16"}}},
      {"index",
       "%s = arith.subi %a, %b : index\n%r = arith.subi %a, %s : index",
       "index",
       {{"5", "3", "3"}}},
      {"index",
       "%c = arith.cmpi slt, %a, %b : index\n%s = arith.select %c, %a, %b : index\n%r = arith.addi "
       "%s, %a : index",
       "index",
       {{"5", "3", "8"}}},
      {"i32",
       "%s = arith.ori %a, %b : i32\n%t = arith.andi %s, %a : i32\n%r = arith.cmpi eq, %t, %a : "
       "i32",
       "i1",
       {{"5", "3", "true"}}},
      // Two literals are ints to C++; a 64-bit product of choices between them must not be computed
      // in 32 bits.
      {"i1",
       "%x = arith.constant 100000 : i64\n%y = arith.constant 2 : i64\n%s = arith.select %a, %x, "
       "%y : i64\n"
       "%t = arith.select %b, %x, %y : i64\n%r = arith.muli %s, %t overflow<nsw> : i64",
       "i64",
       {{"true", "true", "10000000000"}}},
  };
  return table;
}
} // namespace

TEST(Compile, ScalarsComputeWhatTheyMean) {
  std::string program;
  std::string checks = "\nint main() {\n";
  unsigned number = 0;
  for (const Row &row : rows()) {
    std::string name = "r" + std::to_string(number++);
    program += ("func.func @" + name + "(%a: " + row.type + ", %b: " + row.type + ") -> " +
                row.result + " {\n" + row.body + "\nreturn %r : " + row.result + " }\n")
                   .str();
    for (const auto &[a, b, expected] : row.calls)
      checks += ("  check(" + llvm::Twine(number - 1) + ", " + name + "(" + a + ", " + b +
                 "), (decltype(" + name + "(" + a + ", " + b + ")))(" + expected + "));\n")
                    .str();
  }
  // Bits, not values: the sign of a zero counts. bfloat16_t has the size of a short.
  compile(emitOk(program) +
              "\n#include <cstdio>\n#include <cstdlib>\n#include <cstring>\ntemplate <typename T> "
              "void check(int row, T a, T b) {\n"
              "  if (std::memcmp(&a, &b, sizeof(T)) == 0)\n    return;\n"
              "  std::printf(\"row %d is wrong\\n\", row);\n  std::exit(1);\n}" +
              checks + "}\n",
          /*run=*/true);
}

// Every float constant survives its way through decimal digits.
TEST(Compile, ConstantsAreExact) {
  std::string program, checks = "\nint main() {\n";
  auto add = [&](llvm::StringRef type, llvm::StringRef bitsType, unsigned width, uint64_t bits) {
    std::string name = "c" + std::to_string(std::count(checks.begin(), checks.end(), '\n'));
    std::string hex = "0x" + llvm::utohexstr(bits, false, width / 4);
    program += ("func.func @" + name + "() -> " + type + " { %c = arith.constant " + hex + " : " +
                type + "\nreturn %c : " + type + " }\n")
                   .str();
    checks += "  check(" + name + "(), (" + bitsType.str() + ")" + hex + "u);\n";
  };
  uint64_t random = 88172645463325252u;
  for (unsigned i = 0; i < 150; ++i) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    // NaNs are left out where the host's conversions would quieten them; their bits are a row of
    // the other table.
    if ((random & 0x7c00) != 0x7c00)
      add("f16", "uint16_t", 16, random & 0xffff);
    if ((random & 0x7f80) != 0x7f80)
      add("bf16", "uint16_t", 16, random & 0xffff);
    add("f32", "uint32_t", 32, random & 0xffffffff);
    add("f64", "uint64_t", 64, random);
  }
  for (uint64_t bits : {0x0u, 0x80000000u, 0x1u, 0x807fffffu, 0x7f7fffffu, 0x7f800000u, 0xff800000u,
                        0x7fc00000u, 0x3dcccccdu})
    add("f32", "uint32_t", 32, bits);
  compile(emitOk(program) +
              "\n#include <cstdlib>\n#include <cstring>\ntemplate <typename T, typename B> void "
              "check(T a, B bits) {\n"
              "  static_assert(sizeof(T) == sizeof(B));\n  if (std::memcmp(&a, &bits, sizeof(T)) "
              "!= 0)\n    std::exit(1);\n}" +
              checks + "}\n",
          /*run=*/true);
}

TEST(Compile, KernelsAreValidCpp) {
  for (llvm::StringRef name : {"ring.pto", "shapes.pto"}) {
    auto source =
        llvm::MemoryBuffer::getFile(llvm::Twine(PTOAS_TARGET_TEST_DIR) + "/Inputs/" + name);
    ASSERT_TRUE(source) << name.str();
    compile(emitOk((*source)->getBuffer()), /*run=*/false);
    compile(emitOk((*source)->getBuffer(), {pto::CppOptions::Numbered}), /*run=*/false);
  }
}
