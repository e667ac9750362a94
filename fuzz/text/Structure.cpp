//===- Structure.cpp - Edits of whole operations and functions -------------===//
//
// These work on lines: the corpus has one operation on each, and regions begin and end on lines of
// their own. What they do not understand they leave alone; they need not be right, only likely.
//
//===----------------------------------------------------------------------===//

#include "Mutator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace pto::fuzz;
using llvm::StringRef;
using Lines = std::vector<std::string>;

namespace {

Lines linesOf(StringRef text) {
  llvm::SmallVector<StringRef> parts;
  text.split(parts, '\n');
  return Lines(parts.begin(), parts.end());
}

/// Curly brackets that a line opens more than it closes.
int depthChange(StringRef line) { return int(line.count('{')) - int(line.count('}')); }

bool isFunction(StringRef line) { return line.contains("func.func "); }

/// Every `%name` of a line, in order.
std::vector<std::string> valuesOf(StringRef line) {
  std::vector<std::string> found;
  while (true) {
    size_t at = line.find('%');
    if (at == StringRef::npos)
      return found;
    line = line.drop_front(at + 1);
    StringRef name =
        line.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '$'; });
    if (!name.empty())
      found.push_back(name.str());
  }
}
/// What a line defines: `%a = ...`, `%a, %b = ...`, `%a:2 = ...`.
std::vector<std::string> definedBy(StringRef line) {
  auto [before, after] = line.split(" = ");
  if (after.empty() || !before.ltrim().starts_with("%") || before.contains('('))
    return {};
  return valuesOf(before);
}

/// `name` followed by something that is no part of a name becomes `now`.
std::string rename(StringRef text, StringRef name, StringRef now) {
  std::string out;
  while (true) {
    size_t at = text.find(name);
    if (at == StringRef::npos)
      return out + text.str();
    size_t end = at + name.size();
    bool whole = end == text.size() || (!llvm::isAlnum(text[end]) && text[end] != '_');
    out += text.take_front(at);
    out += whole ? now : name;
    text = text.drop_front(end);
  }
}

/// Items of a list that is separated by commas outside of brackets.
std::vector<std::string> itemsOf(StringRef list) {
  std::vector<std::string> items;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    depth += StringRef("<([{").contains(list[i]);
    depth -=
        StringRef("])}").contains(list[i]) || (list[i] == '>' && (i == 0 || list[i - 1] != '-'));
    if (list[i] == ',' && depth == 0) {
      items.push_back(list.slice(begin, i).trim().str());
      begin = i + 1;
    }
  }
  if (!list.drop_front(begin).trim().empty())
    items.push_back(list.drop_front(begin).trim().str());
  return items;
}

/// From the first `(` behind `at` to the bracket that closes it, without both; empty when it does
/// not close.
StringRef insideParentheses(StringRef text, size_t at) {
  size_t open = text.find('(', at);
  if (open == StringRef::npos)
    return {};
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    depth += text[i] == '(';
    depth -= text[i] == ')';
    if (depth == 0)
      return text.slice(open + 1, i);
  }
  return {};
}

/// A function of the text: its first line, that of its `{`, and that of its `}`.
struct Function {
  size_t first, body, last;
};
std::vector<Function> functionsOf(const Lines &lines) {
  std::vector<Function> found;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!isFunction(lines[i]))
      continue;
    int depth = 0;
    std::optional<size_t> body;
    for (size_t j = i; j < lines.size(); ++j) {
      depth += depthChange(lines[j]);
      if (!body && StringRef(lines[j]).rtrim().ends_with("{"))
        body = j;
      if (body && depth == 0) {
        found.push_back({i, *body, j});
        i = j;
        break;
      }
      if (!body && j > i && isFunction(lines[j]))
        break; // a declaration
    }
  }
  return found;
}

std::string header(const Lines &lines, const Function &function) {
  return llvm::join(lines.begin() + function.first, lines.begin() + function.body + 1, "\n");
}
/// "%a: T" of the signature.
std::vector<std::string> parametersOf(StringRef header) {
  return itemsOf(insideParentheses(header, header.find('@')));
}
std::string typeOfParameter(StringRef parameter) {
  StringRef type = parameter.split(':').second.trim();
  return type.take_front(type.find('{')).trim().str(); // attributes follow
}

std::string unique(Random &random) { return "_z" + std::to_string(below(random, 100000)); }

/// Definitions of type aliases (`!tile = ...`) that `lines` use, under new names.
void bringAliases(const Lines &from, Lines &lines, Lines &definitions, StringRef suffix) {
  for (const std::string &line : from) {
    auto [name, type] = StringRef(line).split(" = ");
    if (type.empty() || !name.starts_with("!"))
      continue;
    bool used = llvm::any_of(lines, [&](StringRef l) { return l.contains(name); });
    std::string now = (name + suffix).str();
    for (std::string &l : lines)
      l = rename(l, name, now);
    for (std::string &l : definitions)
      l = rename(l, name, now);
    if (used)
      definitions.push_back(now + " = " + type.str());
  }
}
} // namespace

//===----------------------------------------------------------------------===//
// Loops, branches, sections
//===----------------------------------------------------------------------===//

/// Text before and after the operations that are wrapped; @ is a name of its own.
static constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral> wrappers[] = {
    {"scf.for %i@ = %a@ to %n@ step %b@ {", "}"},
    {"scf.for %i@ = %b@ to %n@ step %n@ {", "}"},
    {"%r@ = scf.for %i@ = %a@ to %n@ step %b@ iter_args(%s@ = %a@) -> (index) {",
     "%t@ = arith.addi %s@, %b@ : index\n scf.yield %t@ : index\n }"},
    {"scf.if %c@ {", "}"},
    {"scf.if %c@ {\n } else {", "}"},
    {"%r@ = scf.if %c@ -> (index) {",
     "scf.yield %a@ : index\n } else {\n scf.yield %b@ : index\n }"},
    {"%r@ = scf.while (%s@ = %a@) : (index) -> index {\n %d@ = arith.cmpi slt, %s@, %n@ : index\n "
     "scf.condition(%d@) %s@ : index\n } do {\n ^bb0(%k@: index):",
     "%t@ = arith.addi %k@, %b@ : index\n scf.yield %t@ : index\n }"},
    {"scf.index_switch %b@\n case 0 {\n scf.yield\n }\n case 1 {", "scf.yield\n }\n default {\n }"},
    {"scf.execute_region {", "scf.yield\n }"},
    {"pto.section.vector {", "}"},
    {"pto.section.cube {", "}"}};

std::string pto::fuzz::wrapLines(StringRef text, Random &random) {
  Lines lines = linesOf(text);
  for (unsigned tries = 0; tries < 8; ++tries) {
    size_t begin = below(random, lines.size()), end = begin;
    int depth = 0;
    bool fits = true;
    std::set<std::string> defined;
    for (size_t count = 1 + below(random, 6); end < lines.size() && (count || depth > 0); ++end) {
      StringRef line = StringRef(lines[end]).trim();
      depth += depthChange(line);
      if (depth < 0 || isFunction(line) || line.starts_with("module") || line.starts_with("!") ||
          line.starts_with("return") || line.starts_with("scf.yield") || line.starts_with("^")) {
        fits = false;
        break;
      }
      for (const std::string &value : definedBy(line))
        defined.insert(value);
      count -= count > 0;
    }
    // What is defined inside and used behind would only be refused.
    for (size_t i = end; fits && i < lines.size() && !isFunction(lines[i]); ++i)
      for (const std::string &value : valuesOf(lines[i]))
        fits &= !defined.count(value);
    if (!fits || depth || begin == 0)
      continue;
    auto [before, after] = wrappers[below(random, std::size(wrappers))];
    std::string own = unique(random);
    std::string bound = std::to_string(below(random, 4) ? 1 + below(random, 4) : 0);
    std::string constants = "%a@ = arith.constant 0 : index\n%b@ = arith.constant 1 : index\n%n@ = "
                            "arith.constant " +
                            bound + " : index\n%c@ = arith.cmpi slt, %a@, %n@ : index\n";
    std::string first = constants + before.str(), last = after.str();
    for (std::string *part : {&first, &last})
      for (size_t at = part->find('@'); at != std::string::npos; at = part->find('@'))
        part->replace(at, 1, own);
    lines.insert(lines.begin() + end, last);
    lines.insert(lines.begin() + begin, first);
    return llvm::join(lines, "\n");
  }
  return text.str();
}

//===----------------------------------------------------------------------===//
// Parts of other texts
//===----------------------------------------------------------------------===//

namespace {
/// An operation, what defines its operands, and the parameters at the end of that.
struct Closure {
  std::set<size_t> lines;
  std::set<std::string> parameters;
};

/// False when an operand comes from a place that is not understood.
bool collect(const Lines &lines, const Function &function,
             const std::vector<std::string> &parameters, size_t at, Closure &closure) {
  if (depthChange(lines[at]) ||
      StringRef(lines[at]).contains('{') != StringRef(lines[at]).contains('}'))
    return false;
  if (!closure.lines.insert(at).second)
    return true;
  if (closure.lines.size() > 24)
    return false;
  std::vector<std::string> own = definedBy(lines[at]);
  for (const std::string &value : valuesOf(lines[at])) {
    if (llvm::is_contained(own, value))
      continue;
    size_t definition = at;
    while (definition > function.body && !llvm::is_contained(definedBy(lines[definition]), value))
      --definition;
    if (definition > function.body) {
      if (!collect(lines, function, parameters, definition, closure))
        return false;
      continue;
    }
    auto parameter = llvm::find_if(
        parameters, [&](StringRef p) { return p.split(':').first.trim() == "%" + value; });
    if (parameter == parameters.end())
      return false;
    closure.parameters.insert(*parameter);
  }
  return true;
}

/// A line of a function in front of which an operation may stand.
std::optional<size_t> placeIn(const Lines &lines, const Function &function, Random &random) {
  for (unsigned tries = 0; tries < 8; ++tries) {
    size_t at = std::min(function.body + 1 + below(random, function.last - function.body),
                         lines.size() - 1);
    StringRef line = StringRef(lines[at]).trim();
    if (line.starts_with("%") || line.starts_with("pto.") || line.starts_with("scf.") ||
        line.starts_with("return"))
      return at;
  }
  return std::nullopt;
}
} // namespace

std::string pto::fuzz::spliceOperation(StringRef text, StringRef other, Random &random) {
  Lines lines = linesOf(text), from = linesOf(other);
  std::vector<Function> targets = functionsOf(lines), sources = functionsOf(from);
  if (targets.empty() || sources.empty())
    return text.str();
  const Function &target = targets[below(random, targets.size())];
  const Function &source = sources[below(random, sources.size())];
  std::vector<std::string> parameters = parametersOf(header(from, source));
  for (unsigned tries = 0; tries < 8; ++tries) {
    size_t at = source.body + below(random, source.last - source.body + 1);
    Closure closure;
    if (!StringRef(from[at]).contains("pto.") || at == source.body ||
        !collect(from, source, parameters, at, closure))
      continue;
    auto place = placeIn(lines, target, random);
    if (!place)
      return text.str();
    Lines moved, definitions;
    for (size_t line : closure.lines)
      moved.push_back(from[line]);
    size_t operations = moved.size();
    moved.insert(moved.end(), closure.parameters.begin(), closure.parameters.end());
    std::string own = unique(random);
    std::set<std::string> values;
    for (const std::string &line : moved)
      for (const std::string &value : valuesOf(line))
        values.insert("%" + value);
    for (std::string &line : moved)
      for (const std::string &value : values)
        line = rename(line, value, value + own);
    bringAliases(from, moved, definitions, own);
    lines.insert(lines.begin() + *place, moved.begin(), moved.begin() + operations);
    // Its parameters go in front of those of the target.
    std::string &first = lines[target.first];
    if (size_t open = first.find('('); open != std::string::npos && operations < moved.size()) {
      bool none = StringRef(first).drop_front(open + 1).ltrim().starts_with(")");
      first.insert(open + 1,
                   llvm::join(moved.begin() + operations, moved.end(), ", ") + (none ? "" : ", "));
    }
    return llvm::join(definitions, "\n") + "\n" + llvm::join(lines, "\n");
  }
  return text.str();
}

std::string pto::fuzz::spliceFunction(StringRef text, StringRef other, Random &random) {
  Lines lines = linesOf(text), from = linesOf(other);
  std::vector<Function> targets = functionsOf(lines), sources = functionsOf(from);
  if (targets.empty() || sources.empty())
    return text.str();
  const Function &source = sources[below(random, sources.size())];
  Lines moved(from.begin() + source.first, from.begin() + source.last + 1), definitions;
  std::string own = unique(random);
  bringAliases(from, moved, definitions, own);
  if (below(random, 4)) { // else its name may be taken already
    StringRef name = StringRef(moved.front()).split('@').second.take_until([](char c) {
      return c == '(' || c == ' ';
    });
    moved.front() = rename(moved.front(), ("@" + name).str(), ("@" + name + own).str());
  }
  lines.insert(lines.begin() + targets[below(random, targets.size())].first, moved.begin(),
               moved.end());
  return llvm::join(definitions, "\n") + "\n" + llvm::join(lines, "\n");
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

std::string pto::fuzz::outlineOperation(StringRef text, Random &random) {
  Lines lines = linesOf(text);
  for (unsigned tries = 0; tries < 8; ++tries) {
    size_t at = below(random, lines.size());
    StringRef line = StringRef(lines[at]).trim();
    if (!line.starts_with("pto.t") || depthChange(line))
      continue;
    // ins(%a, %b : A, B) outs(%c : C)
    std::vector<std::string> names, types;
    bool understood = true;
    for (StringRef group : {"ins", "outs"}) {
      size_t begin = line.find((group + "(").str());
      if (begin == StringRef::npos)
        continue;
      auto [values, listed] = insideParentheses(line, begin).split(" : ");
      std::vector<std::string> groupNames = itemsOf(values), groupTypes = itemsOf(listed);
      understood &= groupNames.size() == groupTypes.size();
      names.insert(names.end(), groupNames.begin(), groupNames.end());
      types.insert(types.end(), groupTypes.begin(), groupTypes.end());
    }
    std::set<std::string> once(names.begin(), names.end());
    if (!understood || names.empty() || once.size() != names.size())
      continue;
    std::vector<std::string> parameters;
    for (auto [name, type] : llvm::zip(names, types))
      parameters.push_back(name + ": " + type);
    std::string callee = "@outlined" + unique(random);
    std::string function = "func.func private " + callee + "(" + llvm::join(parameters, ", ") +
                           ") {\n  " + line.str() + "\n  return\n}";
    std::vector<Function> functions = functionsOf(lines);
    if (functions.empty())
      return text.str();
    lines[at] = "func.call " + callee + "(" + llvm::join(names, ", ") + ") : (" +
                llvm::join(types, ", ") + ") -> ()";
    lines.insert(lines.begin() + functions.front().first, function);
    return llvm::join(lines, "\n");
  }
  return text.str();
}

std::string pto::fuzz::callCopy(StringRef text, Random &random) {
  Lines lines = linesOf(text);
  std::vector<Function> functions = functionsOf(lines);
  if (functions.empty())
    return text.str();
  const Function &function = functions[below(random, functions.size())];
  std::string signature = header(lines, function);
  if (StringRef(signature).contains("->"))
    return text.str();
  std::vector<std::string> names, types;
  for (StringRef parameter : parametersOf(signature)) {
    names.push_back(parameter.split(':').first.trim().str());
    types.push_back(typeOfParameter(parameter));
  }
  Lines copy(lines.begin() + function.first, lines.begin() + function.last + 1);
  StringRef name =
      StringRef(copy.front()).split('@').second.take_until([](char c) { return c == '('; });
  std::string callee = ("@" + name + unique(random)).str();
  copy.front() = rename(copy.front(), ("@" + name).str(), callee);
  auto place = placeIn(lines, function, random);
  lines.insert(lines.begin() + place.value_or(function.body + 1),
               "func.call " + callee + "(" + llvm::join(names, ", ") + ") : (" +
                   llvm::join(types, ", ") + ") -> ()");
  lines.insert(lines.begin() + function.first, copy.begin(), copy.end());
  return llvm::join(lines, "\n");
}
