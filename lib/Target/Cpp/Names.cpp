//===- Names.cpp - Identifiers of the printed program ----------------------===//

#include "Names.h"
#include "ptoas/IR/OpInfo.h"
#include "llvm/ADT/StringExtras.h"

using namespace pto;
using namespace pto::cpp;
using llvm::StringRef;

namespace {
constexpr llvm::StringLiteral keywords[] = {
    "alignas",   "alignof",   "and",       "and_eq",        "asm",         "auto",
    "bitand",    "bitor",     "bool",      "break",         "case",        "catch",
    "char",      "char16_t",  "char32_t",  "char8_t",       "class",       "co_await",
    "co_return", "co_yield",  "compl",     "concept",       "const",       "const_cast",
    "consteval", "constexpr", "constinit", "continue",      "decltype",    "default",
    "delete",    "do",        "double",    "dynamic_cast",  "else",        "enum",
    "explicit",  "export",    "extern",    "false",         "float",       "for",
    "friend",    "goto",      "if",        "inline",        "int",         "long",
    "mutable",   "namespace", "new",       "noexcept",      "not",         "not_eq",
    "nullptr",   "operator",  "or",        "or_eq",         "private",     "protected",
    "public",    "register",  "requires",  "restrict",      "return",      "short",
    "signed",    "sizeof",    "static",    "static_assert", "static_cast", "struct",
    "switch",    "template",  "this",      "thread_local",  "throw",       "true",
    "try",       "typedef",   "typeid",    "typename",      "typeof",      "union",
    "unsigned",  "using",     "virtual",   "void",          "volatile",    "wchar_t",
    "while",     "xor",       "xor_eq"};

// Mixed-case and lower-case names of the library, the device compiler and the gnu++17 mode that
// kernels are built in.
constexpr llvm::StringLiteral libraryNames[] = {"bfloat16_t",
                                                "cache_line_t",
                                                "cce",
                                                "comm",
                                                "dcci",
                                                "dcci_dst_t",
                                                "dsb",
                                                "event_t",
                                                "ffts_cross_core_sync",
                                                "float32_t",
                                                "float4_e1m2x2_t",
                                                "float4_e2m1x2_t",
                                                "float8_e4m3_t",
                                                "float8_e5m2_t",
                                                "float8_e8m0_t",
                                                "get_buf",
                                                "get_block_idx",
                                                "get_block_num",
                                                "get_coreid",
                                                "get_subblockdim",
                                                "get_subblockid",
                                                "get_sys_cnt",
                                                "getFFTSMsg",
                                                "half",
                                                "hifloat8_t",
                                                "int16_t",
                                                "int32_t",
                                                "int64_t",
                                                "int8_t",
                                                "linux",
                                                "main",
                                                "mem_dsb_t",
                                                "pipe_barrier",
                                                "pipe_t",
                                                "pto",
                                                "rls_buf",
                                                "set_ffts_base_addr",
                                                "set_intra_block",
                                                "wait_intra_block",
                                                "set_flag",
                                                "set_mask_norm",
                                                "set_vector_mask",
                                                "size_t",
                                                "std",
                                                "trap",
                                                "uint16_t",
                                                "uint32_t",
                                                "uint64_t",
                                                "uint8_t",
                                                "unix",
                                                "wait_flag",
                                                "wait_flag_dev",
                                                "BLayout",
                                                "CompactMode",
                                                "FixpipeParams",
                                                "GlobalTensor",
                                                "Layout",
                                                "LayoutMode",
                                                "PadValue",
                                                "QuantMode_t",
                                                "SLayout",
                                                "Shape",
                                                "Stride",
                                                "Tensor",
                                                "ChipTensor",
                                                "Tile",
                                                "TileType",
                                                "T"};

/// Every identifier that stands in the C++ of some record: a new operation reserves its call by
/// itself.
void addRecordNames(llvm::StringSet<> &names) {
  for (const OpInfo &info : allOpInfos())
    for (const CppPiece &piece : info.cpp) {
      if (piece.kind != CppPiece::Text)
        continue;
      StringRef rest = piece.text;
      while (!rest.empty()) {
        StringRef word = rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
        if (!word.empty() && !llvm::isDigit(word.front()))
          names.insert(word);
        rest = rest.drop_front(std::max<size_t>(word.size(), 1));
      }
    }
}

const llvm::StringSet<> &reservedNames() {
  static const llvm::StringSet<> names = [] {
    llvm::StringSet<> set;
    for (StringRef word : keywords)
      set.insert(word);
    for (StringRef word : libraryNames)
      set.insert(word);
    addRecordNames(set);
    return set;
  }();
  return names;
}

bool isIdentifierCharacter(char c) { return llvm::isAlnum(c) || c == '_'; }

/// Macros and the library's calls are spelled in capitals: TLOAD, PIPE_V, EVENT_ID0, FFTS_MODE_VAL.
bool looksLikeMacro(StringRef name) {
  unsigned capitals = llvm::count_if(name, [](char c) { return llvm::isUpper(c); });
  return capitals > 1 && llvm::none_of(name, [](char c) { return llvm::isLower(c); });
}

/// `%0` gives v0, `%x.1` gives x_1, `%__pto_n` gives pto_n: no leading, trailing or double
/// underscore, which C++ reserves or which a suffix would make.
std::string legalize(StringRef hint) {
  std::string name;
  for (char c : hint) {
    char next = isIdentifierCharacter(c) ? c : '_';
    if (next != '_' || (!name.empty() && name.back() != '_'))
      name += next;
  }
  while (!name.empty() && name.back() == '_')
    name.pop_back();
  if (name.empty())
    return "v";
  if (llvm::isDigit(name.front()))
    name.insert(0, 1, 'v');
  if (isReservedName(name))
    name += "_v";
  return name;
}
} // namespace

bool cpp::isReservedName(StringRef name) {
  return reservedNames().contains(name) || looksLikeMacro(name) || name.starts_with("ptoas_");
}

bool cpp::isLegalFunctionName(StringRef name) {
  return !name.empty() && llvm::all_of(name, isIdentifierCharacter) &&
         !llvm::isDigit(name.front()) && !reservedNames().contains(name) &&
         !name.starts_with("ptoas_");
}

void Names::leaveScope() {
  for (const std::string &name : scopes.back())
    visible.erase(name);
  scopes.pop_back();
}

bool Names::isFree(StringRef name) const {
  return !visible.contains(name) && !globals.contains(name);
}

std::string Names::declare(StringRef hint) {
  std::string name;
  if (style == CppOptions::Numbered) {
    do
      name = "v" + std::to_string(++count);
    while (!isFree(name));
  } else {
    std::string base = legalize(hint);
    name = base;
    if (!isFree(name)) {
      unsigned &suffix = nextSuffix[base];
      do
        name = base + "_" + std::to_string(++suffix);
      while (!isFree(name));
    }
  }
  visible.insert(name);
  scopes.back().push_back(name);
  return name;
}
