//===- TypeTest.cpp - Types that no text can build, but a pass could -------===//

#include "Messages.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Parse/Parse.h"
#include "gmock/gmock.h"

using namespace pto;
using namespace pto::testing;
using ::testing::ElementsAre;

TEST(Types, ThatNoTextCanBuild) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  Messages messages(context);
  auto error = [&] { return mlir::emitError(mlir::UnknownLoc::get(&context)); };
  mlir::Type f32 = mlir::Float32Type::get(&context);
  // The text says `scaling` and leaves it to layout and fractal size which memory that is.
  EXPECT_FALSE(TileBufType::getChecked(
      error, &context, Space::ScaleLeft, f32, int64_t(1), int64_t(64), int64_t(1), int64_t(64),
      BLayout::RowMajor, SLayout::NoneBox, int32_t(512), PadValue::Null, CompactMode::Null));
  EXPECT_FALSE(StructType::getChecked(error, &context, llvm::ArrayRef<mlir::Type>()));
  EXPECT_THAT(messages.all(),
              ElementsAre("tile_buf in " + name(Space::ScaleLeft).str() +
                              " has the layout of one in " + name(Space::Scaling).str(),
                          "struct needs at least one field"));
}
