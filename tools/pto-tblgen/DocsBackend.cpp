//===- DocsBackend.cpp - Reference pages of the operations -----------------===//

#include "Records.h"
#include "mlir/TableGen/GenInfo.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TableGen/Error.h"
#include <set>

using namespace llvm;
using namespace pto::tblgen;

namespace {

cl::opt<std::string>
    family("pto-family",
           cl::desc("Family of operations that -gen-pto-docs prints; default: the index"));

cl::opt<std::string> snippetFile("pto-snippets",
                                 cl::desc("What pto-snippets says, for -gen-pto-docs"));

/// A text and the C++ that it becomes, of each record.
const json::Object &snippets() {
  static const json::Object all = [] {
    if (snippetFile.empty())
      return json::Object();
    auto buffer = MemoryBuffer::getFile(snippetFile);
    if (!buffer)
      PrintFatalError("cannot read " + snippetFile);
    auto value = json::parse((*buffer)->getBuffer());
    if (!value || !value->getAsObject())
      PrintFatalError(snippetFile + " is not what pto-snippets writes");
    return std::move(*value->getAsObject());
  }();
  return all;
}

void printExample(raw_ostream &os, const Op &op) {
  const json::Object *snippet = snippets().getObject(op.name);
  auto text = [&](StringRef key) {
    return snippet ? snippet->getString(key).value_or("") : StringRef();
  };
  StringRef example = op.example.empty() ? text("mlir") : StringRef(op.example);
  if (!example.empty())
    os << "```mlir\n" << example << "\n```\n\n";
  if (!text("cpp").empty())
    os << "```cpp\n" << text("cpp") << "```\n\n";
}

/// Does the snippet show what is printed of an operation whose record has no form?
bool hasStatement(const Op &op) {
  const json::Object *snippet = snippets().getObject(op.name);
  return snippet && !snippet->getString("cpp").value_or("").empty();
}

void printPipe(raw_ostream &os, const Op &op) {
  os << "**Pipe:** ";
  if (op.pipe == "byRoute") {
    list(os, op.routes, [&](const Route &r) {
      os << StringRef(r.from).lower() << " > " << StringRef(r.to).lower() << " " << r.pipe;
      if (r.archs != 3)
        os << (r.archs == 1 ? " (a3)" : " (a5)");
    });
  } else {
    os << (op.pipe == "byMicro" ? "several, see below" : op.pipe);
  }
  os << "\n\n";
}

void printStep(raw_ostream &os, const Op &op, const Step &s) {
  auto names = [&](const std::vector<unsigned> &list) {
    std::string out;
    for (unsigned i : list)
      out += (out.empty() ? "" : ", ") + op.operands[i].name;
    return out;
  };
  if (s.kind == "Access")
    os << s.pipe << (s.part == "Whole" ? "" : ", " + StringRef(s.part).lower() + " half") << ": "
       << names(s.reads) << " -> " << names(s.writes);
  else if (s.kind == "Barrier")
    os << "barrier " << s.pipe;
  else if (s.kind == "LoopBegin")
    os << (s.id ? "once or more {" : "any number of times {");
  else if (s.kind == "LoopEnd")
    os << "}";
  else
    os << StringRef(s.kind).lower() << " " << s.pipe << ">" << s.to << " " << s.id;
}

/// What an operand is to the operation, for readers who do not know the records.
StringRef roleName(StringRef role) {
  return StringSwitch<StringRef>(role)
      .Case("In", "read")
      .Case("Out", "written")
      .Case("InOut", "read and written")
      .Case("Scratch", "scratch")
      .Case("GmIn", "read")
      .Case("GmOut", "written")
      .Case("GmInOut", "read and written")
      .Case("SignalIn", "waited for")
      .Case("SignalOut", "signalled")
      .Case("Value", "value")
      .Default(role);
}

/// The statement of the record as a signature: `$?x` is what may be left out, a helper is what
/// depends on types and attributes.
std::string signatureOf(StringRef cpp) {
  std::string out;
  auto word = [&] {
    StringRef name = cpp.take_while([](char c) { return isAlnum(c) || c == '_'; });
    cpp = cpp.drop_front(name.size());
    return name;
  };
  while (!cpp.empty()) {
    if (cpp.consume_front(", $?"))
      out += ("[, " + word() + "]").str();
    else if (cpp.consume_front(", &$?"))
      out += ("[, &" + word() + "]").str();
    else if (cpp.consume_front("$?"))
      out += ("[" + word() + "]").str();
    else if (cpp.consume_front("$"))
      out += word();
    else if (cpp.consume_front("<?"))
      out += ("[<" + word() + ">").str(), cpp.consume_front(">"), out += "]";
    else if (cpp.consume_front("{")) {
      StringRef helper = word();
      cpp.consume_front("}");
      // In front of the operands a helper makes template arguments, else a statement or operand.
      out += cpp.starts_with("(")                 ? "[<...>]"
             : helper == "barrier"                ? "pipe_barrier(PIPE_V); "
             : helper == "standIn"                ? ""
             : out.find('(') == std::string::npos ? "..."
                                                  : "[, ...]";
    } else {
      out += cpp.front() == '\n' ? ' ' : cpp.front();
      cpp = cpp.drop_front();
    }
  }
  return out;
}

/// Rules that hold always come first; the others under what they depend on.
void printRules(raw_ostream &os, const Op &op) {
  std::vector<std::pair<std::string, std::vector<StringRef>>> groups{{"", {}}};
  for (const Rule &r : op.rules) {
    StringRef on = r.archs == 1 ? "on a3" : r.archs == 2 ? "on a5" : "";
    std::string key = (r.when.text.empty() ? "" : "with " + r.when.text) +
                      (r.when.text.empty() || on.empty() ? "" : ", ") + on.str();
    auto group = find_if(groups, [&](auto &g) { return g.first == key; });
    if (group == groups.end())
      group = groups.insert(groups.end(), {key, {}});
    group->second.push_back(r.text);
  }
  os << "**Rules**\n\n";
  for (auto &[key, texts] : groups) {
    bool nested = !key.empty() && texts.size() > 1;
    if (nested)
      os << "- " << key << ":\n";
    for (StringRef text : texts)
      os << (nested ? "  - " : "- ") << (nested || key.empty() ? "" : key + ": ") << text << "\n";
  }
  os << "\n";
}

/// What a call does inside. Short forms stand on one line.
void printForms(raw_ostream &os, const Op &op) {
  if (op.micro.empty())
    return;
  os << "**Inside the call**, step by step (`pipe: what it reads -> what it writes`):\n\n";
  for (const Form &f : op.micro) {
    os << "- " << f.name << "\n\n  ```\n";
    unsigned depth = 0;
    for (const Step &s : f.steps) {
      depth -= s.kind == "LoopEnd";
      printStep(os.indent(2 * depth + 2), op, s);
      os << "\n";
      depth += s.kind == "LoopBegin";
    }
    os << "  ```\n\n";
  }
}

void printOp(raw_ostream &os, const Op &op) {
  os << "## `" << op.name << "`\n\n" << op.summary << "\n\n";
  if (!op.description.empty()) {
    // Lines of a .td string keep the indentation of the file.
    SmallVector<StringRef> lines;
    StringRef(op.description).split(lines, '\n');
    for (StringRef line : lines)
      os << line.trim() << "\n";
    os << "\n";
  }
  printExample(os, op);
  if (!op.operands.empty()) {
    os << "| operand | role | type |\n|---|---|---|\n";
    for (const Operand &o : op.operands)
      os << "| `" << o.name << "`"
         << (o.optional   ? " (optional)"
             : o.variadic ? " (any number)"
                          : "")
         << " | " << roleName(o.role) << " | " << o.type << " |\n";
    os << "\n";
  }
  for (const std::string &r : op.results)
    os << "**Result** `" << r << "`\n\n";
  for (const Attribute &a : op.attributes) {
    os << "**Attribute** `" << a.name << "`" << (a.optional ? " (optional)" : "");
    list(os << (a.cases.empty() ? "" : ": "), a.cases, [&](const AttributeCase &c) {
      os << "`" << c.keyword << "`" << (c.value == a.defaultValue ? " (default)" : "");
    });
    os << "\n\n";
  }
  printPipe(os, op);
  for (unsigned arch : {0u, 1u})
    if (!op.elements[arch].empty())
      os << "**Element types " << (arch ? "a5" : "a3") << ":** "
         << join(map_range(op.elements[arch], [](auto &e) { return dialectElement(e); }), ", ")
         << "\n\n";
  os << "**Meaning:** "
     << (!op.map.empty() ? "`" + op.map + "` for each element of the valid region"
         : !op.kernel.empty()
             ? "as described above; the simulator computes it in its kernel `" + op.kernel + "`"
             : op.engine)
     << "\n\n";
  if (!op.modelled.empty())
    os << "**Modelled**, because the library's description leaves it open: " << op.modelled
       << "\n\n";
  os << "**C++:** ";
  if (!op.cppText.empty())
    os << "`" << signatureOf(op.cppText) << "`\n\n";
  else
    os << (hasStatement(op) ? "printed by code of its family, as shown above"
                            : "no statement of its own: an earlier stage replaces it, or it "
                              "shows in the declaration of what it makes")
       << "\n\n";
  if (!op.rules.empty())
    printRules(os, op);
  printForms(os, op);
  os << "Since " << op.since << (op.until.empty() ? "" : ", until " + op.until);
  for (const std::string &old : op.was)
    os << ", was `" << old << "`";
  os << ".\n\n";
}

bool generate(const RecordKeeper &records, raw_ostream &os) {
  std::vector<Op> ops = loadRecords(records);
  os << "<!-- Generated from the op records by `make docs`; do not edit. -->\n\n";
  if (!family.empty()) {
    os << "# Operations: " << family << "\n\n";
    for (const Op &op : ops)
      if (op.family == family)
        printOp(os, op);
    return false;
  }
  std::set<std::string> families;
  for (const Op &op : ops)
    families.insert(op.family);
  os << "# Operations\n\n";
  for (const std::string &f : families) {
    os << "## [" << f << "](" << f << ".md)\n\n";
    for (const Op &op : ops)
      if (op.family == f)
        os << "- `" << op.name << "`: " << op.summary << "\n";
    os << "\n";
  }
  return false;
}

mlir::GenRegistration registration("gen-pto-docs", "Reference pages", generate);

} // namespace
