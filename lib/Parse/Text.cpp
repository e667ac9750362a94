//===- Text.cpp - What the parser may be given -----------------------------===//

#include "ptoas/Parse/Text.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace pto;

/// The parser, and all that walks over types, recurses at every bracket; what is nested deeper than
/// this would exhaust the stack. Kernels need about ten.
static constexpr unsigned mostNested = 256;
/// The parser recurses at every operator of an affine expression, too.
static constexpr unsigned mostOperators = 1000;

namespace {
/// Looks for the first place that the parser must not come to.
class Scanner {
public:
  enum Problem : uint8_t { None, ZeroByte, TooDeep, TooLong };

  explicit Scanner(llvm::StringRef text) : text(text) {}

  Problem run() {
    for (; at < text.size(); ++at)
      if (Problem problem = look())
        return problem;
    return None;
  }
  size_t position() const { return at; }

private:
  Problem look() {
    if (depth == 0 && llvm::isAlpha(text[at]) && startsLine()) // a module or a function
      defined = {};
    switch (text[at]) {
    case '\0': // the parser would skip it
      return ZeroByte;
    case '/': // a comment
      if (text.substr(at).starts_with("//"))
        at = std::min(text.find('\n', at), text.size());
      return None;
    case '"':
      for (++at; at < text.size() && text[at] != '"' && text[at] != '\n'; ++at)
        at += text[at] == '\\';
      return None;
    case '{':
      operators = 0;
      [[fallthrough]];
    case '(':
    case '[':
    case '<':
      ++depth;
      return nest(depth);
    case '}':
      operators = 0;
      [[fallthrough]];
    case ')':
    case ']':
      depth -= depth > 0;
      return None;
    case '>':
      depth -= depth > 0 && (at == 0 || text[at - 1] != '-'); // not an arrow
      return None;
    case '!':
    case '#':
      return name();
    case ',':
    case '=':
    case ':':
      operators = 0;
      return None;
    case '+':
    case '-':
    case '*':
    case 'm': // mod
    case 'd': // floordiv, ceildiv
      return operation();
    default:
      return None;
    }
  }

  bool startsLine() const {
    llvm::StringRef before = text.take_front(at).rtrim(" \t\r");
    return (before.empty() || before.ends_with("\n")) && !before.rtrim().ends_with("=");
  }

  /// Letters count where they may belong to an operator; a kernel has a separator in every line.
  Problem operation() {
    bool isWord = llvm::isAlpha(text[at]);
    if (isWord && !text.substr(at).starts_with("mod") && !text.substr(at).starts_with("div"))
      return None;
    return ++operators > mostOperators ? TooLong : None;
  }

  Problem nest(unsigned level) {
    if (!defined.empty())
      names[defined] = std::max(names[defined], level);
    return level > mostNested ? TooDeep : None;
  }

  /// `!a = ...` and `#a = ...` outside of brackets give a name to so many brackets as there are;
  /// where it is used in another definition it brings them along.
  Problem name() {
    size_t end = at + 1;
    while (end < text.size() &&
           (llvm::isAlnum(text[end]) || llvm::StringRef("_$.-").contains(text[end])))
      ++end;
    llvm::StringRef found = text.slice(at, end);
    bool defines = depth == 0 && startsLine();
    at = end - 1;
    if (defines && text.substr(end).ltrim().starts_with("=")) {
      defined = found;
      names[defined] = 1;
      return None;
    }
    auto it = names.find(found);
    return it == names.end() ? None : nest(depth + it->second);
  }

  llvm::StringRef text;
  size_t at = 0;
  unsigned depth = 0;              ///< brackets that are open
  unsigned operators = 0;          ///< since the last separator
  llvm::StringRef defined;         ///< the name whose definition this may be, or empty
  llvm::StringMap<unsigned> names; ///< how many brackets deep each is
};
} // namespace

mlir::LogicalResult pto::checkText(const llvm::MemoryBuffer &buffer, mlir::MLIRContext &context) {
  llvm::StringRef text = buffer.getBuffer();
  auto fail = [&](size_t at) {
    llvm::StringRef before = text.take_front(at);
    return mlir::emitError(mlir::FileLineColLoc::get(&context, buffer.getBufferIdentifier(),
                                                     before.count('\n') + 1,
                                                     at - (before.rfind('\n') + 1) + 1));
  };
  if (text.starts_with("PTOBC"))
    return fail(0) << "is a PTOBC container, which ptoas does not read; give it the text or MLIR "
                      "bytecode";
  Scanner scanner(text);
  switch (scanner.run()) {
  case Scanner::None:
    return mlir::success();
  case Scanner::ZeroByte:
    return fail(scanner.position()) << "is no text: a zero byte";
  case Scanner::TooDeep:
    return fail(scanner.position()) << "is nested more than " << mostNested << " brackets deep";
  case Scanner::TooLong:
    return fail(scanner.position())
           << "is an expression with more than " << mostOperators << " operators";
  }
  llvm_unreachable("all problems are named");
}

std::unique_ptr<llvm::MemoryBuffer> pto::textOf(const llvm::MemoryBuffer &buffer) {
  llvm::StringRef text = buffer.getBuffer();
  text.consume_front("\xEF\xBB\xBF");
  return llvm::MemoryBuffer::getMemBuffer(text, buffer.getBufferIdentifier());
}
