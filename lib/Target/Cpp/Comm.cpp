//===- Comm.cpp - Collectives and asynchronous sessions --------------------===//

#include "Printer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::cpp;

/// The tensors of all ranks in an array, and the group made of it; returns the group's name.
static std::string printGroup(Printer &p, mlir::ValueRange tensors, uint32_t root) {
  std::string type = viewType(*viewSource(tensors.front(), p.constants));
  llvm::SmallVector<std::string> names;
  for (mlir::Value tensor : tensors)
    names.push_back(p.valueOf(tensor).text);
  std::string array = p.fresh("tensors"), group = p.fresh("group");
  p.line(type + " " + array + "[" + llvm::Twine(names.size()) + "] = {" + llvm::join(names, ", ") +
         "};");
  p.line("auto " + group + " = pto::comm::ParallelGroup<" + type + ">::Create(" + array + ", " +
         llvm::Twine(names.size()) + ", " + llvm::Twine(root) + ");");
  return group;
}

template <typename Op>
static void printCollective(Printer &p, Op op, llvm::StringRef function, mlir::ValueRange views,
                            llvm::StringRef last = "") {
  std::string text = printGroup(p, op.getGroup(), op.getRoot());
  for (mlir::Value view : views)
    text += ", " + p.valueOf(view).text;
  text += ", " + p.valueOf(op.getPing()).text;
  if (op.getPong())
    text += ", " + p.valueOf(op.getPong()).text;
  p.line("pto::comm::" + function + "(" + text + last + ");");
}

static llvm::StringRef reduceText(ReduceKind kind) {
  switch (kind) {
  case ReduceKind::Sum:
    return ", pto::comm::ReduceOp::Sum";
  case ReduceKind::Max:
    return ", pto::comm::ReduceOp::Max";
  case ReduceKind::Min:
    return ", pto::comm::ReduceOp::Min";
  }
  llvm_unreachable("all kinds are handled");
}

static void printSession(Printer &p, BuildAsyncSessionOp op) {
  std::string session = p.declare(op.getSession()), config = p.fresh("config");
  p.line("pto::comm::AsyncSession " + session + ";");
  p.line("pto::comm::sdma::SdmaBaseConfig " + config + " = {" + llvm::Twine(op.getBlockBytes()) +
         "ULL, " + llvm::Twine(op.getCommBlockOffset()) + "ULL, " + llvm::Twine(op.getQueueNum()) +
         "u};");
  std::string channel = op.getChannelGroupIdx() ? std::to_string(*op.getChannelGroupIdx()) + "u"
                                                : std::string("UINT32_MAX");
  p.line("pto::comm::BuildAsyncSession<pto::comm::DmaEngine::SDMA>(" +
         p.valueOf(op.getScratch()).text + ", " +
         cast("__gm__ uint8_t*", p.valueOf(op.getWorkspace())).text + ", " + session + ", " +
         llvm::Twine(op.getSyncId()) + "u, " + config + ", " + channel + ");");
}

void cpp::printComm(Printer &p, mlir::Operation *op) {
  llvm::TypeSwitch<mlir::Operation *>(op)
      .Case([&](CommTBroadcastOp o) { printCollective(p, o, "TBROADCAST", o.getSrc()); })
      .Case([&](CommTGatherOp o) { printCollective(p, o, "TGATHER", o.getDst()); })
      .Case([&](CommTScatterOp o) { printCollective(p, o, "TSCATTER", o.getSrc()); })
      .Case([&](CommTReduceOp o) {
        printCollective(p, o, "TREDUCE", o->getOperands().take_front(2),
                        reduceText(o.getReduceOp()));
      })
      .Case([&](BuildAsyncSessionOp o) { printSession(p, o); });
}
