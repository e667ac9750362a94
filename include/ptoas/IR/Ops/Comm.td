//===- Comm.td - Between ranks ----------------------------------*- tablegen -*-===//
//
// The synchronous calls run on a vector core, MTE2 and MTE3, through a staging tile of the caller, and use flags of their
// own (library 5.2). `micro` is what inserter and checker know of them; the simulator runs the library's program
// from its own description (lib/Sim), so that one is judged by the other.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_OPS_COMM
#define PTOAS_IR_OPS_COMM

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

// A chunk that is not split: load, hand over, PIPE_ALL, store, hand back (form B). The lists of the two-id forms follow
// forms C and D of sync 9 step by step.
defvar FormB = ["MTE2: src -> ping", "set MTE2>MTE3 0", "wait MTE2>MTE3 0", "barrier ALL", "MTE3: ping -> dst",
                "set MTE3>MTE2 0", "wait MTE3>MTE2 0"];
defvar FormC = ["MTE2 upper: src -> ping", "set MTE2>MTE3 0", "wait MTE2>MTE3 0", "barrier ALL", "MTE3 upper: ping -> dst",
                "MTE2 lower: src -> ping", "set MTE3>MTE2 0", "set MTE2>MTE3 1", "wait MTE3>MTE2 0", "wait MTE2>MTE3 1", "barrier ALL",
                "MTE3 lower: ping -> dst", "set MTE3>MTE2 1", "wait MTE3>MTE2 1"];

class TransferOp<string mnemonic, list<string> fits, string halved> : PtoOp<mnemonic> {
  let family = "comm";
  let pipe = ByMicro;
  let micro = [
    Form<"fits, one tile", fits>,
    Form<"fits, two tiles", FormB>,
    Form<"chunks", !listconcat(["loop {"], FormB, ["}"])>,
    // Full-size chunks are halved, tail chunks are not; the two kinds may alternate (form C).
    Form<halved, !listconcat(["loop {", "loop? {"], FormC, ["}", "loop? {"], FormB, ["}", "}"])>,
    // Chunk 0, then pairs (pong, ping), then perhaps one more: the id of a chunk is its number mod 2 (form D).
    Form<"two tiles", [
      "MTE2: src -> ping", "set MTE2>MTE3 0",
      "loop {",
        "wait MTE2>MTE3 0", "barrier ALL", "MTE3: ping -> dst", "MTE2: src -> pong", "set MTE3>MTE2 0", "set MTE2>MTE3 1", "wait MTE3>MTE2 0",
        "wait MTE2>MTE3 1", "barrier ALL", "MTE3: pong -> dst", "MTE2: src -> ping", "set MTE3>MTE2 1", "set MTE2>MTE3 0", "wait MTE3>MTE2 1",
      "}",
      "wait MTE2>MTE3 0", "barrier ALL", "MTE3: ping -> dst", "set MTE3>MTE2 0", "wait MTE3>MTE2 0"]>,
    Form<"two tiles, even number of chunks", [
      "MTE2: src -> ping", "set MTE2>MTE3 0",
      "wait MTE2>MTE3 0", "barrier ALL", "MTE3: ping -> dst", "MTE2: src -> pong", "set MTE3>MTE2 0", "set MTE2>MTE3 1", "wait MTE3>MTE2 0",
      "loop? {",
        "wait MTE2>MTE3 1", "barrier ALL", "MTE3: pong -> dst", "MTE2: src -> ping", "set MTE3>MTE2 1", "set MTE2>MTE3 0", "wait MTE3>MTE2 1",
        "wait MTE2>MTE3 0", "barrier ALL", "MTE3: ping -> dst", "MTE2: src -> pong", "set MTE3>MTE2 0", "set MTE2>MTE3 1", "wait MTE3>MTE2 0",
      "}",
      "wait MTE2>MTE3 1", "barrier ALL", "MTE3: pong -> dst", "set MTE3>MTE2 1", "wait MTE3>MTE2 1"]>];
  let rules = [ViewRank<["dst", "src"], 5>, StaticExtents<["dst", "src"]>, SameExtents<["dst", "src"]>,
               SameElement<["dst", "src", "ping"]>, InSpace<["ping"], [SpaceVec]>, ValidPositive<["ping"]>,
               When<Present<"pong">, SameType<["ping", "pong"]>>];
  let assemblyFormat = [{
    `(` $dst `,` $src `,` `buf` `(` $ping (`,` $pong^)? `)` `:` qualified(type($dst)) `,` qualified(type($src)) `,` qualified(type($ping)) (`,` qualified(type($pong))^)? `)` attr-dict
  }];
}

def CommTPutOp : TransferOp<"comm.tput", ["MTE2: src -> ping", "set MTE2>MTE3 0", "wait MTE2>MTE3 0",
                                                  "MTE3: ping -> dst", "set MTE3>MTE2 0", "wait MTE3>MTE2 0"],
                            "8 to 16 chunks, halved"> {
  let summary = "Copies local memory into the window of another rank.";
  let description = [{
    Reads src on MTE2 inside the call and writes dst on MTE3. On return MTE2 knows that the stores are complete, no other
    pipe does. The staging tile is overwritten; earlier users of it are not waited for.
  }];
  let arguments = (ins GmOut<>:$dst, GmIn<>:$src, Scratch<>:$ping, OptionalScratch:$pong,
                       DefaultValuedOptionalAttr<AtomicTypeAttr, "::pto::AtomicKind::AtomicNone">:$atomicType);
  let cpp = "pto::comm::TPUT<?atomicType>($dst, $src, $ping, $?pong)";
  let semantics = Engine<"dst = src (or dst += src)">;
}
def CommTGetOp : TransferOp<"comm.tget", FormB, "8 chunks or more, halved"> {
  let summary = "Copies memory of another rank into local memory.";
  let arguments = (ins GmOut<>:$dst, GmIn<>:$src, Scratch<>:$ping, OptionalScratch:$pong);
  let cpp = "pto::comm::TGET($dst, $src, $ping, $?pong)";
  let semantics = Engine<"dst = src">;
}

def CommTNotifyOp : PtoOp<"comm.tnotify"> {
  let summary = "Sets or increments a signal of another rank.";
  let description = [{
    A scalar store, then PIPE_ALL. Nothing in the call waits for earlier stores: what the other rank may read must be complete
    and fenced before (rule C8).
  }];
  let family = "comm";
  let arguments = (ins SignalOut<>:$signal, I32:$value, NotifyOpAttr:$notifyOp);
  let assemblyFormat = "`(` $signal `,` $value `:` qualified(type($signal)) `,` qualified(type($value)) `)` attr-dict";
  let pipe = PipeS;
  let rules = [ElementIs<["signal"], [E_I32]>, ViewRank<["signal"], 5>, StaticExtents<["signal"]>];
  let cpp = "pto::comm::TNOTIFY($signal, $value, $notifyOp)";
  let semantics = Engine<"signal = value, or signal += value">;
}
def CommTWaitOp : PtoOp<"comm.twait"> {
  let summary = "Waits until a signal of this rank compares as asked.";
  let family = "comm";
  let arguments = (ins SignalIn<>:$signal, I32:$value, WaitCmpAttr:$cmp);
  let assemblyFormat = "`(` $signal `,` $value `:` qualified(type($signal)) `,` qualified(type($value)) `)` attr-dict";
  let pipe = PipeS;
  let rules = [ElementIs<["signal"], [E_I32]>, ViewRank<["signal"], 5>, StaticExtents<["signal"]>];
  let cpp = "pto::comm::TWAIT($signal, $value, $cmp)";
  let semantics = Engine<"spins until every element of signal compares true with value">;
}

#endif // PTOAS_IR_OPS_COMM
