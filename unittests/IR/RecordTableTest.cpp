//===- RecordTableTest.cpp - Every record, built and read back -------------===//

#include "../../lib/IR/Rules.h"
#include "Draft.h"
#include "Messages.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/Parser/Parser.h"
#include "ptoas/Parse/Parse.h"
#include <gtest/gtest.h>
#include <set>

using namespace pto;
using namespace pto::testing;

namespace {

std::string print(mlir::ModuleOp module, bool generic) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, mlir::OpPrintingFlags().printGenericOpForm(generic));
  return text;
}

class RecordTable : public ::testing::Test {
protected:
  RecordTable() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false);
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }

  /// Custom text, generic text and bytecode all lead back to the same module. Custom text leaves
  /// out an attribute that has its default value, so a module that says it (`saysDefault`) loses
  /// just that.
  void roundTrip(mlir::ModuleOp module, bool saysDefault) {
    std::string custom = print(module, false), generic = print(module, true), bytes;
    llvm::raw_string_ostream os(bytes);
    ASSERT_TRUE(mlir::succeeded(mlir::writeBytecodeToFile(module, os)));
    for (const std::string *text : {&custom, &generic, &bytes}) {
      auto again = parse(*text);
      ASSERT_TRUE(again) << "does not parse: " << *text;
      EXPECT_EQ(print(*again, false), custom);
      if (!saysDefault || text != &custom) {
        EXPECT_EQ(print(*again, true), generic);
      }
    }
  }

  mlir::MLIRContext context;
};

/// False for a case that a rule of the record refuses always.
bool isLegal(const OpInfo &info, size_t attribute, int64_t value) {
  return llvm::none_of(info.rules, [&](const RuleInfo &r) {
    if (r.check == rules::noPadding)
      return llvm::is_contained(r.numbers, int64_t(attribute)) && value != 0;
    return r.check == rules::attributeIn && r.numbers[0] == int64_t(attribute) &&
           !llvm::is_contained(r.numbers.drop_front(), value);
  });
}

/// Does a rule keep this operand or attribute off the arch altogether?
bool isAbsent(const OpInfo &info, Arch arch, RuleFunction check, size_t index) {
  return llvm::any_of(info.rules, [&](const RuleInfo &r) {
    bool isAbout =
        check == rules::absent ? llvm::is_contained(r.operands, index) : r.attribute == int(index);
    bool isOfKind = r.check == check || (check == rules::absent && r.check == rules::noPadding);
    return isOfKind && isAbout && (r.archs >> unsigned(arch) & 1) &&
           r.when.kind == RuleCondition::Always;
  });
}

/// Facts of the record that some accepted form must show.
std::set<std::string> factsOf(const OpInfo &info, mlir::MLIRContext *context) {
  std::set<std::string> facts;
  for (Arch arch : {Arch::A3, Arch::A5}) {
    if (!existsOn(info, arch))
      continue;
    std::string on = " on " + name(arch).str();
    for (const RouteInfo &r : info.routes)
      if (r.archs >> unsigned(arch) & 1)
        facts.insert((name(r.from) + " > " + name(r.to)).str() + on);
    for (unsigned e = 0; e < numElements; ++e)
      if ((info.elements[unsigned(arch)] >> e & 1) && typeOf(context, Element(e)))
        facts.insert(name(Element(e)).str() + on);
    for (auto [i, a] : llvm::enumerate(info.attributes))
      for (auto [setting, text] : settingsOf(info, i, unsigned(arch)))
        if (int64_t value = a.cases.empty() ? setting : a.cases[setting].value;
            isLegal(info, i, value) && !isAbsent(info, arch, rules::attributeAbsent, i))
          facts.insert((a.name + " " + llvm::Twine(value)).str() + on);
    for (auto [i, o] : llvm::enumerate(info.operands))
      if (o.optional && !isAbsent(info, arch, rules::absent, i))
        facts.insert("with " + o.name.str() + on);
    facts.insert("exists" + on);
  }
  return facts;
}

/// What the form's attribute is set to; one without cases counts its numbers.
int64_t valueOf(const OpInfo &info, const Form &form) {
  auto [attribute, setting] = *form.attribute;
  const AttributeInfo &a = info.attributes[attribute];
  return a.cases.empty() ? setting : a.cases[setting].value;
}

void strike(std::set<std::string> &facts, const OpInfo &info, const Form &form,
            const Draft &draft) {
  std::string on = " on " + name(form.arch).str();
  facts.erase("exists" + on);
  if (form.route)
    facts.erase((name(form.route->from) + " > " + name(form.route->to)).str() + on);
  if (form.element)
    facts.erase(name(*form.element).str() + on);
  if (form.attribute)
    facts.erase(
        (info.attributes[form.attribute->first].name + " " + llvm::Twine(valueOf(info, form)))
            .str() +
        on);
  for (auto [i, o] : llvm::enumerate(info.operands))
    if (o.optional && draft.operands[i])
      facts.erase("with " + o.name.str() + on);
}

bool hasTypes(mlir::MLIRContext *context, const Draft &draft) {
  return llvm::all_of(draft.operands,
                      [&](auto &v) { return !v || typeOf(context, v->elementType()); });
}

TEST_F(RecordTable, EveryRecordWithRulesRoundTripsInEveryForm) {
  unsigned records = 0, accepted = 0, refused = 0, untyped = 0;
  for (const OpInfo &info : allOpInfos()) {
    if (info.rules.empty())
      continue; // SyncOpsTest, ViewOpsTest
    ++records;
    std::set<std::string> missing = factsOf(info, &context);
    for (const Form &form : formsOf(info)) {
      SCOPED_TRACE(info.name.str() + ": " + form.text);
      Draft draft = draftOf(info, form);
      if (!hasTypes(&context, draft)) {
        ++untyped;
        continue;
      }
      auto module = build(&context, draft);
      Messages messages(context);
      if (mlir::failed(verifyAll(*module))) {
        // The form contradicts the rules; what it shows must stand in another form.
        EXPECT_FALSE(messages.all().empty()) << "refused without a word";
        ++refused;
        continue;
      }
      ++accepted;
      strike(missing, info, form, draft);
      roundTrip(*module, form.attribute && info.attributes[form.attribute->first].defaultValue ==
                                               valueOf(info, form));
    }
    for (const std::string &fact : missing)
      ADD_FAILURE() << info.name.str() << ": no legal form shows '" << fact << "'";
  }
  std::printf("%u records with rules, %u forms accepted and read back, %u contradict themselves, "
              "%u need an element type that has no MLIR type\n",
              records, accepted, refused, untyped);
  EXPECT_GT(accepted, 300u);
}

TEST_F(RecordTable, IsSortedAndFoundByName) {
  for (size_t i = 0; i + 1 < allOpInfos().size(); ++i)
    EXPECT_LT(allOpInfos()[i].name, allOpInfos()[i + 1].name);
  for (const OpInfo &info : allOpInfos()) {
    EXPECT_EQ(&lookupOpInfo(info.name), &info);
    EXPECT_TRUE(mlir::RegisteredOperationName::lookup(info.name, &context)) << info.name.str();
  }
  // And no registered operation lacks a record.
  unsigned registered = 0;
  for (mlir::RegisteredOperationName op : context.getRegisteredOperationsByDialect("pto"))
    registered += op.getStringRef().starts_with("pto.");
  EXPECT_EQ(registered, allOpInfos().size());
}

TEST_F(RecordTable, SemanticsAreStatedOnce) {
  for (const OpInfo &info : allOpInfos())
    EXPECT_EQ(!info.map.empty() + !info.kernel.empty() + !info.engine.empty(), 1)
        << info.name.str();
}

} // namespace
