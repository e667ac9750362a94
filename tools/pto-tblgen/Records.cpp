//===- Records.cpp - The op records, read and refused ----------------------===//

#include "Records.h"
#include "mlir/TableGen/Attribute.h"
#include "mlir/TableGen/SideEffects.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/TableGen/Error.h"
#include <map>

using namespace llvm;
using namespace pto::tblgen;

namespace {

/// Grammar versions, oldest first.
constexpr StringLiteral versions[] = {"0.41", "0.48", "0.60"};
constexpr StringLiteral pipeNames[] = {"S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX"};

class Loader {
public:
  explicit Loader(const Record *def) : def(def), odsOp(def) { op.def = def; }
  Op run();

private:
  void loadOperands();
  void loadAttributes();
  void loadPipe();
  void loadElements();
  void loadRules();
  void loadCpp(StringRef format);
  void loadMicro();
  void loadSemantics();
  void loadHistory();
  Rule loadRule(const Record *record);
  Condition loadCondition(const Record *record);
  std::optional<Step> parseStep(StringRef text);
  bool parseAccess(StringRef pipe, StringRef text, Step &step);

  void error(const Twine &what) { PrintError(def->getLoc(), "'" + op.name + "' " + what); }
  std::string text(StringRef field) { return def->getValueAsString(field).str(); }
  std::optional<unsigned> operand(StringRef name) {
    for (auto [i, o] : enumerate(op.operands))
      if (o.name == name)
        return i;
    return std::nullopt;
  }
  std::optional<unsigned> attribute(StringRef name) {
    for (auto [i, a] : enumerate(op.attributes))
      if (a.name == name)
        return i;
    return std::nullopt;
  }
  unsigned archMask(const std::vector<const Record *> &archs) {
    unsigned mask = 0;
    for (const Record *a : archs)
      mask |= a->getValueAsString("name") == "A3" ? 1 : 2;
    return mask;
  }

  const Record *def;
  mlir::tblgen::Operator odsOp;
  Op op;
};

/// The role of an argument, from its effects; `scratch` is an InOut whose contents nobody keeps.
std::string roleOf(const mlir::tblgen::Operator &odsOp, int arg, StringRef summary) {
  bool read = false, write = false;
  StringRef resource;
  for (auto decorator : odsOp.getArgDecorators(arg)) {
    auto *effect = dyn_cast<mlir::tblgen::SideEffect>(&decorator);
    if (!effect)
      continue;
    resource = effect->getResource();
    (effect->getName().contains("Write") ? write : read) = true;
  }
  if ((!read && !write) || resource.contains("Scalar"))
    return "Value";
  if (resource.contains("Tile"))
    return summary == "scratch" ? "Scratch" : read && write ? "InOut" : write ? "Out" : "In";
  if (resource.contains("Signal"))
    return read ? "SignalIn" : "SignalOut";
  return read && write ? "GmInOut" : write ? "GmOut" : "GmIn";
}

void Loader::loadOperands() {
  const DagInit *arguments = def->getValueAsDag("arguments");
  for (int i = 0; i < odsOp.getNumArgs(); ++i) {
    auto *constraint = dyn_cast<mlir::tblgen::NamedTypeConstraint *>(odsOp.getArg(i));
    if (!constraint)
      continue;
    StringRef summary;
    if (auto *argDef = dyn_cast<DefInit>(arguments->getArg(i)))
      if (argDef->getDef()->isSubClassOf("OpVariable"))
        summary = argDef->getDef()->getValueAsString("summary");
    op.operands.push_back({constraint->name.str(), roleOf(odsOp, i, summary),
                           constraint->constraint.getSummary().str(), constraint->isOptional(),
                           constraint->isVariadic()});
    op.operands.back().isWhole = op.operands.back().role == "Scratch";
  }
  for (StringRef name : def->getValueAsListOfStrings("wholeTiles")) {
    auto found = find_if(op.operands, [&](const Operand &o) { return o.name == name; });
    if (found == op.operands.end() || !found->isTile())
      error("has no tile operand '" + name + "' that could be whole");
    else
      found->isWhole = true;
  }
  for (auto &result : odsOp.getResults())
    op.results.push_back((result.name + ": " + result.constraint.getSummary()).str());
}

void Loader::loadAttributes() {
  for (int i = 0; i < odsOp.getNumArgs(); ++i) {
    auto *named = dyn_cast<mlir::tblgen::NamedAttribute *>(odsOp.getArg(i));
    if (!named)
      continue;
    mlir::tblgen::Attribute attr = named->attr;
    Attribute a{named->name.str(), attr.isOptional() || attr.hasDefaultValue(), -1, {}};
    const Record &base = attr.getBaseAttr().getDef();
    if (base.isSubClassOf("EnumAttr")) {
      std::string prefix = base.isSubClassOf("CppName") ? base.getValueAsString("cpp").str() : "";
      StringRef chosen = attr.hasDefaultValue() ? attr.getDefaultValue().rsplit("::").second : "";
      for (const Record *c : base.getValueAsDef("enum")->getValueAsListOfDefs("enumerants")) {
        StringRef symbol = c->getValueAsString("symbol");
        StringRef cpp = c->getValueAsOptionalString("cpp").value_or(symbol);
        a.cases.push_back(
            {c->getValueAsInt("value"), c->getValueAsString("str").str(), prefix + cpp.str()});
        if (symbol == chosen)
          a.defaultValue = a.cases.back().value;
      }
    } else if (attr.hasDefaultValue()) {
      StringRef value = attr.getDefaultValue();
      if (value.getAsInteger(10, a.defaultValue))
        a.defaultValue = value == "true" ? 1 : value == "false" ? 0 : -1;
    }
    op.attributes.push_back(std::move(a));
  }
}

void Loader::loadPipe() {
  const Record *pipe = def->getValueAsOptionalDef("pipe");
  if (!pipe)
    return error("needs a pipe: one of the pipes, NoPipe, ByRoute or ByMicro");
  op.pipe = pipe->getValueAsString("name").str();
  for (const Record *r : def->getValueAsListOfDefs("routes")) {
    auto name = [&](StringRef f) { return r->getValueAsDef(f)->getValueAsString("name").str(); };
    op.routes.push_back(
        {name("from"), name("to"), name("pipe"), archMask(r->getValueAsListOfDefs("archs"))});
  }
  if ((op.pipe == "byRoute") == op.routes.empty())
    error("needs routes exactly when its pipe is ByRoute");
  bool stays = all_of(op.routes, [](const Route &r) { return r.from == r.to; });
  if (op.pipe == "byRoute" && (!operand("dst") || (!operand("src") && !stays)))
    error("has routes, so it needs operands named src and dst, or dst alone when nothing moves");
  if (op.pipe == "byMicro" && def->getValueAsListOfDefs("micro").empty())
    error("has the pipe ByMicro but no micro program");
}

void Loader::loadElements() {
  for (const Record *on : def->getValueAsListOfDefs("types")) {
    unsigned arch = on->getValueAsDef("arch")->getValueAsString("name") == "A3" ? 0 : 1;
    if (!op.elements[arch].empty())
      error("lists the element types of one arch twice");
    for (const Record *e : on->getValueAsListOfDefs("elements"))
      op.elements[arch].push_back(e->getValueAsString("name").str());
    if (op.elements[arch].empty())
      error("has an empty list of element types; leave the arch out to say that it lacks the op");
  }
}

Condition Loader::loadCondition(const Record *record) {
  Condition c;
  StringRef kind = record->getValueAsString("kind"), name = record->getValueAsString("operand");
  if (kind == "always")
    return c;
  auto index = kind == "attributeSet" ? attribute(name) : operand(name);
  if (!index) {
    error("has a rule whose condition names '" + name + "', which it does not have");
    return c;
  }
  c.index = *index;
  for (StringRef word : record->getValueAsListOfStrings("words"))
    c.spaces.push_back(word.str());
  c.kind = kind == "present" ? "Present" : kind == "inSpace" ? "InSpace" : "AttributeSet";
  c.text = kind == "inSpace" ? (name + " in " + StringRef(join(c.spaces, " or ")).lower()).str()
                             : (name + " given").str();
  return c;
}

Rule Loader::loadRule(const Record *record) {
  Rule rule;
  rule.check = record->getValueAsString("check").str();
  rule.archs = archMask(record->getValueAsListOfDefs("archs"));
  rule.when = loadCondition(record->getValueAsDef("when"));
  std::vector<std::string> names;
  for (StringRef name : record->getValueAsListOfStrings("operands")) {
    names.push_back(name.str());
    if (auto index = operand(name))
      rule.operands.push_back(*index);
    else
      error("has a rule '" + rule.check + "' on '" + name + "', which is no operand of it");
  }
  for (StringRef name : record->getValueAsListOfStrings("attributes")) {
    names.push_back(name.str());
    if (auto index = attribute(name))
      rule.numbers.push_back(utostr(*index));
    else
      error("has a rule '" + rule.check + "' on '" + name + "', which is no attribute of it");
  }
  if (StringRef name = record->getValueAsString("attribute"); !name.empty()) {
    if (auto index = attribute(name))
      rule.attribute = int(*index);
    else
      error("has a rule '" + rule.check + "' on '" + name + "', which is no attribute of it");
  }
  SmallVector<StringRef> enums;
  record->getValueAsString("wordsAre").split(enums, ' ', -1, false);
  std::vector<std::string> words;
  for (auto [i, word] : enumerate(record->getValueAsListOfStrings("words"))) {
    if (enums.empty()) {
      error("has a rule '" + rule.check + "' whose words belong to no enum");
      continue;
    }
    StringRef enumeration = enums[std::min<size_t>(i, enums.size() - 1)];
    words.push_back(spellingOf(enumeration, word));
    rule.numbers.push_back((enumeration + "::" + word).str());
  }
  for (int64_t n : record->getValueAsListOfInts("numbers")) {
    rule.numbers.push_back(itostr(n));
    words.push_back(itostr(n));
    if (rule.attribute >= 0)
      for (const AttributeCase &c : op.attributes[rule.attribute].cases)
        if (c.value == n)
          words.back() = c.keyword;
  }
  rule.text = record->getValueAsString("text").str();
  for (auto [mark, with] :
       {std::pair("$0", join(names, ", ")), std::pair("$1", listWords(rule.check, words))})
    if (size_t at = rule.text.find(mark); at != std::string::npos)
      rule.text.replace(at, 2, with);
  return rule;
}

void Loader::loadRules() {
  unsigned checked = 0;
  for (const Record *r : def->getValueAsListOfDefs("rules")) {
    op.rules.push_back(loadRule(r));
    if (op.rules.back().check == "elements")
      checked |= op.rules.back().archs;
  }
  for (unsigned arch : {0u, 1u})
    if (!op.elements[arch].empty() && !(checked >> arch & 1))
      error("lists element types that no ElementsOf rule checks");
  if (checked && op.elements[0].empty() && op.elements[1].empty())
    error("has an ElementsOf rule but lists no element types");
}

/// $x, $?x, <?x>, {x} and plain text; see Base.td.
void Loader::loadCpp(StringRef f) {
  op.cppText = f.str();
  std::string plain;
  std::vector<bool> used(op.operands.size());
  auto flush = [&] {
    if (!plain.empty())
      op.cpp.push_back({"Text", std::move(plain)});
    plain.clear();
  };
  auto word = [&](size_t skip) {
    f = f.drop_front(skip);
    StringRef name = f.take_while([](char c) { return isAlnum(c) || c == '_'; });
    f = f.drop_front(name.size());
    return name;
  };
  while (!f.empty()) {
    if (f.starts_with("<?")) {
      flush();
      StringRef name = word(2);
      auto index = attribute(name);
      if (!index || op.attributes[*index].cases.empty() || op.attributes[*index].defaultValue < 0)
        error("has a template argument '" + name + "', which is no enum attribute with a default");
      else
        op.cpp.push_back({"TemplateArgument", "", *index});
      if (!f.consume_front(">"))
        error("has a template argument without '>' in its C++ form");
    } else if (f.front() == '{') {
      flush();
      op.cpp.push_back({"Helper", word(1).str()});
      if (!f.consume_front("}"))
        error("has a helper without '}' in its C++ form");
    } else if (f.front() == '$') {
      bool optional = f.starts_with("$?");
      // The comma goes with the operand, and so does an `&`.
      std::string lead;
      if (optional)
        for (StringRef before : {", &", ", "})
          if (StringRef(plain).ends_with(before)) {
            plain.resize(plain.size() - before.size());
            lead = before.str();
            break;
          }
      flush();
      StringRef name = word(optional ? 2 : 1);
      if (auto index = operand(name)) {
        used[*index] = true;
        if (op.operands[*index].optional != optional)
          error("has '" + name + "' in its C++ form, written as if it were " +
                (optional ? "optional" : "always there"));
        op.cpp.push_back({optional ? "OptionalOperand" : "Operand", lead, *index});
      } else if (auto index = attribute(name)) {
        op.cpp.push_back({"Attribute", "", *index});
      } else {
        error("names '" + name + "' in its C++ form, which is neither operand nor attribute of it");
        return;
      }
    } else {
      plain += f.front();
      f = f.drop_front();
    }
  }
  flush();
  for (auto [i, o] : enumerate(op.operands))
    if (!op.cpp.empty() && o.role != "Value" && !used[i])
      error("never passes operand '" + o.name + "' to its C++ form");
}

bool Loader::parseAccess(StringRef pipe, StringRef body, Step &step) {
  auto [from, to] = body.split("->");
  if (!body.contains("->"))
    return false;
  step.kind = "Access";
  step.pipe = pipe.str();
  for (auto [side, list] : {std::pair(from, &step.reads), std::pair(to, &step.writes)}) {
    SmallVector<StringRef> names;
    side.split(names, ',', -1, false);
    for (StringRef name : names) {
      if (name.trim().empty())
        continue;
      auto index = operand(name.trim());
      if (!index) {
        error("has a micro step on '" + name.trim() + "', which is no operand of it");
        return true;
      }
      list->push_back(*index);
    }
  }
  return true;
}

std::optional<Step> Loader::parseStep(StringRef s) {
  Step step;
  auto isPipe = [](StringRef name) { return is_contained(pipeNames, name); };
  if (s == "loop {" || s == "loop? {") {
    step.kind = "LoopBegin";
    step.id = s == "loop {";
    return step;
  }
  if (s == "}") {
    step.kind = "LoopEnd";
    return step;
  }
  if (s.consume_front("barrier ")) {
    step.kind = "Barrier";
    step.pipe = s.str();
    if (s == "ALL" || isPipe(s))
      return step;
  } else if (s.starts_with("set ") || s.starts_with("wait ")) {
    step.kind = s.starts_with("set ") ? "Set" : "Wait";
    auto [pair, id] = s.split(' ').second.split(' ');
    auto [from, to] = pair.split('>');
    step.pipe = from.str();
    step.to = to.str();
    if (isPipe(from) && isPipe(to) && from != to && !id.getAsInteger(10, step.id) && step.id < 8)
      return step;
  } else {
    auto [pipe, body] = s.split(':');
    if (pipe.consume_back(" upper"))
      step.part = "Upper";
    else if (pipe.consume_back(" lower"))
      step.part = "Lower";
    bool signals = pipe.consume_back(" signals");
    if (isPipe(pipe) && parseAccess(pipe, body, step)) {
      if (signals)
        step.kind = "Signal";
      return step;
    }
  }
  error("has a micro step that cannot be read: \"" + s + "\"");
  return std::nullopt;
}

void Loader::loadMicro() {
  for (const Record *f : def->getValueAsListOfDefs("micro")) {
    Form form{f->getValueAsString("name").str(), {}};
    for (StringRef s : f->getValueAsListOfStrings("steps"))
      if (auto step = parseStep(s))
        form.steps.push_back(*step);
    if (std::string problem = tokenProblem(form); !problem.empty())
      error("form '" + form.name + "' " + problem);
    op.micro.push_back(std::move(form));
  }
}

void Loader::loadSemantics() {
  const Record *s = def->getValueAsOptionalDef("semantics");
  if (!s)
    return error("has no semantics");
  op.map = s->getValueAsString("expr").str();
  op.kernel = s->getValueAsString("kernel").str();
  op.engine = s->getValueAsString("engine").str();
  op.modelled = text("modelled");
  if (op.map.empty())
    return;
  StringSet<> words;
  for (size_t i = 0; i < op.map.size();) {
    StringRef word =
        StringRef(op.map).drop_front(i).take_while([](char c) { return isAlnum(c) || c == '_'; });
    words.insert(word);
    i += std::max<size_t>(word.size(), 1);
  }
  for (const Operand &o : op.operands)
    if ((o.role == "In" || o.role == "InOut") && !words.contains(o.name))
      error("has a Map that never uses its input '" + o.name + "'");
}

void Loader::loadHistory() {
  op.since = text("since");
  op.until = text("until");
  if (!is_contained(versions, op.since) || (!op.until.empty() && !is_contained(versions, op.until)))
    return error("has a version that is none of 0.41, 0.48, 0.60");
  if (!op.until.empty() && op.until < op.since)
    error("ends before it begins: since " + op.since + ", until " + op.until);
  for (StringRef old : def->getValueAsListOfStrings("was"))
    op.was.push_back(old.str());
}

Op Loader::run() {
  op.name = odsOp.getOperationName();
  op.id = StringRef(op.name).substr(4).str();
  for (char &c : op.id)
    c = c == '.' ? '_' : c;
  op.summary = odsOp.hasSummary() ? odsOp.getSummary().str() : "";
  op.description = odsOp.hasDescription() ? odsOp.getDescription().trim().str() : "";
  op.family = text("family");
  op.example = text("example");
  if (op.summary.empty())
    error("needs a summary");
  if (op.family.empty())
    error("needs a family: the reference page that it stands on");
  loadOperands();
  loadAttributes();
  loadPipe();
  loadElements();
  loadRules();
  loadCpp(def->getValueAsString("cpp"));
  loadMicro();
  loadSemantics();
  loadHistory();
  return std::move(op);
}

} // namespace

std::vector<Op> pto::tblgen::loadRecords(const RecordKeeper &records) {
  std::vector<Op> ops;
  for (const Record *def : records.getAllDerivedDefinitions("PtoOp"))
    ops.push_back(Loader(def).run());
  llvm::sort(ops, [](const Op &a, const Op &b) { return a.name < b.name; });
  std::map<std::string, const Op *> spellings;
  for (const Op &op : ops)
    spellings[op.name] = &op;
  for (const Op &op : ops)
    for (const std::string &old : op.was)
      if (!spellings.try_emplace(old, &op).second)
        PrintError(op.def->getLoc(),
                   "'" + op.name + "' was '" + old + "', but that spelling is taken");
  if (ErrorsPrinted)
    PrintFatalError("bad op records");
  return ops;
}
