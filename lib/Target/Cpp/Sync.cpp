//===- Sync.cpp - Fences, cache lines, flags between cores -----------------===//

#include "Printer.h"
#include "ptoas/IR/CrossCore.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace pto;
using namespace pto::cpp;

static std::string pipeText(Pipe pipe) { return ("PIPE_" + name(pipe)).str(); }

static void printCrossCore(Printer &p, const CrossCoreFlag &flag, Arch arch) {
  Expr id = flag.id ? literal(*flag.id) : p.valueOf(flag.dynamicId);
  std::string pipe = pipeText(flag.pipe);
  if (flag.intraBlock) {
    std::string function = flag.isSet ? "set_intra_block" : "wait_intra_block";
    p.line(function + "(" + pipe + ", " + id.text + ");");
    if (!flag.mirrored)
      return;
    Expr second = flag.id ? literal(*flag.id + secondVectorIds)
                          : binary(id, "+", literal(secondVectorIds), Precedence::Additive);
    p.line(function + "(" + pipe + ", " + second.text + ");");
    return;
  }
  if (!flag.isSet) {
    // On a2/a3 the whole scalar unit waits, whatever the pipe.
    p.line("wait_flag_dev(" + (arch == Arch::A5 ? pipe + ", " : "") + id.text + ");");
    return;
  }
  p.line("ffts_cross_core_sync(" + pipe + ", getFFTSMsg(" + std::to_string(flag.mode) + ", " +
         id.text + "));");
}

static void printSyncAll(Printer &p, SyncAllOp op) {
  std::string cores = op.getCoreType() == SyncCoreTypeKind::AIVOnly   ? "SyncCoreType::AIVOnly"
                      : op.getCoreType() == SyncCoreTypeKind::AICOnly ? "SyncCoreType::AICOnly"
                                                                      : "SyncCoreType::Mix";
  if (op.getMode() == SyncAllModeKind::Hard)
    return p.line("SYNCALL<" + cores + ">();");
  std::string used = op.getUsed() ? p.valueOf(op.getUsed()).text : "int32_t{0}";
  p.line("SYNCALL<SyncAllMode::Soft, " + cores + ">(" + p.valueOf(op.getWorkspace()).text + ", " +
         used + ");");
}

void cpp::printSync(Printer &p, mlir::Operation *op) {
  auto buffer = [&](llvm::StringRef function, auto o, const std::string &id) {
    p.line(function + "(" + pipeText(*bufferPipe(o.getOpType())) + ", " + id + ", " +
           std::to_string(int32_t(o.getMode())) + ");");
  };
  llvm::TypeSwitch<mlir::Operation *>(op)
      .Case([&](FenceBarrierAllOp fence) {
        p.line("pipe_barrier(PIPE_ALL);");
        if (fence.getScope() != FenceScopeKind::LocalMemory)
          p.line("dsb(DSB_DDR);");
      })
      .Case([&](CacheInvalidOp o) {
        if (!o.getPtr())
          return p.line("dcci((__gm__ void*)0, cache_line_t::ENTIRE_DATA_CACHE);");
        p.line("dcci(" + cast("__gm__ void*", p.valueOf(o.getPtr())).text +
               ", cache_line_t::SINGLE_CACHE_LINE);");
      })
      .Case([&](SyncAllOp o) { printSyncAll(p, o); })
      .Case([&](GetBufOp o) { buffer("get_buf", o, std::to_string(int32_t(o.getBufId()))); })
      .Case([&](RlsBufOp o) { buffer("rls_buf", o, std::to_string(int32_t(o.getBufId()))); })
      .Case([&](GetBufDynOp o) { buffer("get_buf", o, p.valueOf(o.getBufId()).text); })
      .Case([&](RlsBufDynOp o) { buffer("rls_buf", o, p.valueOf(o.getBufId()).text); })
      .Default([&](mlir::Operation *o) { printCrossCore(p, *crossCoreFlagOf(o), archOf(o)); });
}
