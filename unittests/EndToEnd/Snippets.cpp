//===- Snippets.cpp - A text and its C++ for each record, for the pages ----===//
//
// usage: pto-snippets > snippets.json
//
// {"pto.tadd": {"mlir": "pto.tadd ins(...)", "cpp": "TADD(dst, src0, src1);"}, ...}: the first form
// of each record that the verifier accepts. scripts/docs.sh hands it to the pages.
//
//===----------------------------------------------------------------------===//

#include "RecordsToCpp.h"
#include "ptoas/Parse/Parse.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include <set>

using namespace pto;
using namespace pto::test;

int main() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  CppForms all = printAllRecords(&context);
  llvm::json::OStream json(llvm::outs(), 2);
  json.object([&] {
    std::set<std::string> done;
    for (const CppForm &form : llvm::concat<const CppForm>(all.forms, all.unprinted))
      if (done.insert(form.info->name.str()).second)
        json.attributeObject(form.info->name, [&] {
          // Bodies are indented as deeply as the function around them.
          std::string text = form.text;
          for (size_t at; (at = text.find("\n    ")) != std::string::npos;)
            text.erase(at + 1, 4);
          json.attribute("mlir", text);
          json.attribute("cpp", statementsOf(form));
        });
  });
  llvm::outs() << "\n";
  return 0;
}
