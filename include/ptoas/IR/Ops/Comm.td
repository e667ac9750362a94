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
  list<Rule> transferRules = [ViewRank<["dst", "src"], 5>, StaticExtents<["dst", "src"]>, SameExtents<["dst", "src"]>,
                              SameElement<["dst", "src", "ping"]>, InSpace<["ping"], [SpaceVec]>, ValidPositive<["ping"]>,
                              When<Present<"pong">, SameType<["ping", "pong"]>>];
  let rules = transferRules;
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
  let rules = !listconcat([AddedElements<"dst">], transferRules);
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

def CommTTestOp : PtoOp<"comm.ttest"> {
  let summary = "Whether a signal of this rank compares as asked; does not wait.";
  let family = "comm";
  let arguments = (ins SignalIn<>:$signal, I32:$value, WaitCmpAttr:$cmp);
  let results = (outs I1:$result);
  let assemblyFormat = [{
    `(` $signal `,` $value `:` qualified(type($signal)) `,` qualified(type($value)) `)` attr-dict `->` type($result)
  }];
  let pipe = PipeS;
  let rules = [ElementIs<["signal"], [E_I32]>, ViewRank<["signal"], 5>, StaticExtents<["signal"]>];
  let cpp = "pto::comm::TTEST($signal, $value, $cmp)";
  let semantics = Engine<"result = every element of signal compares true with value">;
}

//===----------------------------------------------------------------------===//
// Collectives: the caller moves the data of all ranks (library 5.6)
//===----------------------------------------------------------------------===//

// One tensor per rank, in the order of ranks; `root` is the number of the caller's.
def Group : Arg<Variadic<PartitionView>, "read", [MemRead<GlobalMemory>]>;
def GroupOut : Arg<Variadic<PartitionView>, "written", [MemWrite<GlobalMemory>]>;

class CollectiveOp<string mnemonic> : PtoOp<mnemonic, [AttrSizedOperandSegments]> {
  let family = "comm";
  let pipe = ByMicro;
  let hasCustomAssemblyFormat = 1; // `(%a, recv(%ping[, %pong]), group(%x, ...) : types)`
  let hasVerifier = 1; // a group, root in it; what the form of the call needs
}
// Without pipe_barrier(ALL), which no collective has: one tile, or the two of form D with its ids (sync 9).
// What is written stands at the first store: every other store writes another part, later on the same pipe.
class OneTile<string from, string to, string via = "ping"> {
  list<string> load = ["MTE2: " # from # " -> " # via, "set MTE2>MTE3 0", "wait MTE2>MTE3 0"];
  list<string> back = ["set MTE3>MTE2 0", "wait MTE3>MTE2 0"];
  list<string> steps = !listconcat(load, ["MTE3: " # via # " -> " # to], back, ["loop? {"], load, ["MTE3: " # via # " ->"], back, ["}"]);
}
// Form D overlaps a store with the next load; what others see of it is the ids, and that MTE2 knows the last store. Chunk by chunk
// says the same and is easier to prove; the simulator runs the real order.
class TwoTiles<string from, string to> {
  list<string> pong = ["MTE2: " # from # " -> pong", "set MTE2>MTE3 1", "wait MTE2>MTE3 1", "MTE3: pong ->", "set MTE3>MTE2 1",
                       "wait MTE3>MTE2 1"];
  list<string> load = ["MTE2: " # from # " -> ping", "set MTE2>MTE3 0", "wait MTE2>MTE3 0"];
  list<string> back = ["set MTE3>MTE2 0", "wait MTE3>MTE2 0"];
  list<string> steps = !listconcat(load, ["MTE3: ping -> " # to], back, pong, ["loop? {"], load, ["MTE3: ping ->"], back, pong, ["}"]);
}

def CommTBroadcastOp : CollectiveOp<"comm.tbroadcast"> {
  let summary = "Copies a tensor to every rank, the caller's own included.";
  let arguments = (ins GmIn<PartitionView>:$src, Scratch<>:$ping, OptionalScratch:$pong, GroupOut:$group, I32Attr:$root);
  let rules = [ViewRank<["src", "group"], 5>, StaticExtents<["src", "group"]>, SameExtents<["src", "group"]>,
               SameElement<["src", "group", "ping"]>, InSpace<["ping"], [SpaceVec]>, ValidPositive<["ping"]>,
               When<Present<"pong">, SameType<["ping", "pong"]>>];
  let micro = [
    // The library hands over after every rank; the last handover says as much as all of them, and flags count (HQ1).
    Form<"fits", ["MTE2: src -> ping", "set MTE2>MTE3 0", "wait MTE2>MTE3 0", "MTE3: ping -> group", "set MTE3>MTE2 0",
                  "wait MTE3>MTE2 0"]>,
    Form<"chunks", OneTile<"src", "group">.steps>,
    Form<"two tiles", TwoTiles<"src", "group">.steps>];
  let semantics = Engine<"every tensor of group = src">;
}
def CommTGatherOp : CollectiveOp<"comm.tgather"> {
  let summary = "Puts the tensors of all ranks below one another.";
  let description = [{Rank r's s3 rows go to the rows from `r * s3` on, where s3 is the last extent but one.}];
  let arguments = (ins GmOut<PartitionView>:$dst, Scratch<>:$ping, OptionalScratch:$pong, Group:$group, I32Attr:$root);
  let rules = [ViewRank<["dst", "group"], 5>, StaticExtents<["dst", "group"]>,
               SameElement<["dst", "group", "ping"]>, InSpace<["ping"], [SpaceVec]>, ValidPositive<["ping"]>,
               When<Present<"pong">, SameType<["ping", "pong"]>>];
  let micro = [Form<"one tile", OneTile<"group", "dst">.steps>, Form<"two tiles", TwoTiles<"group", "dst">.steps>];
  let semantics = Engine<"part r of dst = tensor r of group">;
}
def CommTScatterOp : CollectiveOp<"comm.tscatter"> {
  let summary = "Hands every rank its part of a tensor.";
  let description = [{Rank r gets the s3 rows from `r * s3` on, where s3 is the last extent but one of its tensor.}];
  let arguments = (ins GmIn<PartitionView>:$src, Scratch<>:$ping, OptionalScratch:$pong, GroupOut:$group, I32Attr:$root);
  let rules = [ViewRank<["src", "group"], 5>, StaticExtents<["src", "group"]>,
               SameElement<["src", "group", "ping"]>, InSpace<["ping"], [SpaceVec]>, ValidPositive<["ping"]>,
               When<Present<"pong">, SameType<["ping", "pong"]>>];
  let micro = [Form<"one tile", OneTile<"src", "group">.steps>, Form<"two tiles", TwoTiles<"src", "group">.steps>];
  let semantics = Engine<"tensor r of group = part r of src">;
}

defvar SumPing = ["wait MTE2>V 1", "V: acc, ping -> acc"];
defvar SumPong = ["wait MTE2>V 2", "V: acc, pong -> acc"];
defvar LoadPing = ["MTE2: group -> ping", "set MTE2>V 1"];
defvar LoadPong = ["MTE2: group -> pong", "set MTE2>V 2"];
defvar MoreFollow = ["set V>MTE2 0", "wait V>MTE2 0"];
defvar StoreSum = ["set V>MTE3 0", "wait V>MTE3 0", "MTE3: acc -> dst", "set MTE3>MTE2 0", "wait MTE3>MTE2 0", "}"];
defvar BeginSum = !listconcat(["loop {", "MTE2: group -> acc", "set MTE2>V 0"], LoadPing, ["wait MTE2>V 0"]);
defvar PairOfSums = !listconcat(LoadPong, SumPing, MoreFollow, LoadPing, SumPong, MoreFollow);
def CommTReduceOp : CollectiveOp<"comm.treduce"> {
  let summary = "Adds the tensors of all ranks, or takes their largest or smallest elements.";
  let arguments = (ins GmOut<PartitionView>:$dst, Scratch<>:$acc, Scratch<>:$ping, OptionalScratch:$pong, Group:$group,
                       ReduceOpAttr:$reduceOp, I32Attr:$root);
  let rules = [ViewRank<["dst", "group"], 5>, StaticExtents<["dst", "group"]>, SameExtents<["dst", "group"]>,
               SameElement<["dst", "group", "acc"]>, InSpace<["acc"], [SpaceVec]>, ValidPositive<["acc"]>,
               SameType<["acc", "ping"]>, When<Present<"pong">, SameType<["acc", "pong"]>>];
  let micro = [
    Form<"one rank", OneTile<"group", "dst", "acc">.steps>,
    Form<"one tile", !listconcat(["loop {", "MTE2: group -> acc", "set MTE2>V 0", "wait MTE2>V 0"], LoadPing, SumPing, ["loop? {"],
                                 MoreFollow, LoadPing, SumPing, ["}"], StoreSum)>,
    Form<"two tiles, one other rank", !listconcat(BeginSum, SumPing, StoreSum)>,
    Form<"two tiles, odd number of other ranks", !listconcat(BeginSum, ["loop {"], PairOfSums, ["}"], SumPing, StoreSum)>,
    Form<"two tiles, even number of other ranks", !listconcat(BeginSum, ["loop? {"], PairOfSums, ["}"], LoadPong, SumPing, MoreFollow,
                                                              SumPong, StoreSum)>];
  let semantics = Engine<"dst = sum, largest or smallest over the tensors of group">;
}

//===----------------------------------------------------------------------===//
// Asynchronous transfers: issued by the scalar unit, carried out by a DMA engine of its own
//===----------------------------------------------------------------------===//

// Between the call and its wait nothing of the core may touch what it moves: no pipe carries the transfer, so that the accesses
// stand where it is issued, and the wait is the program's (sync 10).
def BuildAsyncSessionOp : PtoOp<"comm.build_async_session"> {
  let summary = "Opens the queues for asynchronous transfers.";
  let family = "comm";
  let arguments = (ins Scratch<>:$scratch, Pointer:$workspace, DefaultValuedOptionalAttr<I32Attr, "0">:$sync_id,
                       DefaultValuedOptionalAttr<I64Attr, "32768">:$block_bytes,
                       DefaultValuedOptionalAttr<I64Attr, "0">:$comm_block_offset,
                       DefaultValuedOptionalAttr<I32Attr, "1">:$queue_num, OptionalAttr<I64Attr>:$channel_group_idx);
  let results = (outs AsyncSession:$session);
  let assemblyFormat = [{
    `(` $scratch `,` $workspace `:` qualified(type($scratch)) `,` qualified(type($workspace)) `)` attr-dict `->` qualified(type($session))
  }];
  let pipe = PipeS;
  let hasVerifier = 1; // a tile of 8 bytes in vec, a workspace of bytes in global memory, the ranges of the numbers
  let semantics = Engine<"session = queues in workspace">;
}
class AsyncTransferOp<string mnemonic, string call, string meaning> : PtoOp<mnemonic> {
  let family = "comm";
  let arguments = (ins GmOut<>:$dst, GmIn<>:$src, AsyncSession:$session);
  let results = (outs AsyncEvent:$event);
  let assemblyFormat = [{
    `(` $dst `,` $src `,` $session `:` qualified(type($dst)) `,` qualified(type($src)) `,` qualified(type($session)) `)` attr-dict `->` qualified(type($event))
  }];
  let pipe = PipeS;
  let hasVerifier = 1; // flat views of one extent
  let cpp = "pto::comm::" # call # "<pto::comm::DmaEngine::SDMA>($dst, $src, $session)";
  let semantics = Engine<meaning>;
}
def TPutAsyncOp : AsyncTransferOp<"comm.tput_async", "TPUT_ASYNC", "dst = src, some time before the wait for the event returns"> {
  let summary = "Copies local memory to another rank, without waiting.";
}
def TGetAsyncOp : AsyncTransferOp<"comm.tget_async", "TGET_ASYNC", "dst = src, some time before the wait for the event returns"> {
  let summary = "Copies memory of another rank, without waiting.";
}
class AsyncEventOp<string mnemonic, string call, string meaning>
    : PtoOp<mnemonic, [MemoryEffects<[MemRead<ScalarMemory>, MemWrite<ScalarMemory>]>]> {
  let family = "comm";
  let arguments = (ins AsyncEvent:$event, AsyncSession:$session);
  let results = (outs I1:$done);
  let assemblyFormat = "`(` $event `,` $session `:` qualified(type($event)) `,` qualified(type($session)) `)` attr-dict `->` type($done)";
  let pipe = PipeS;
  let cpp = "$event." # call # "($session)";
  let semantics = Engine<meaning>;
}
def WaitAsyncEventOp : AsyncEventOp<"comm.wait_async_event", "Wait", "waits for the transfer; true when it succeeded"> {
  let summary = "Waits for an asynchronous transfer.";
}
def TestAsyncEventOp : AsyncEventOp<"comm.test_async_event", "Test", "true when the transfer is complete"> {
  let summary = "Asks for an asynchronous transfer.";
}

#endif // PTOAS_IR_OPS_COMM
