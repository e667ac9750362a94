//===- Sync.td - Flags, barriers, fences, core identity ---------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_SYNC
#define PTOAS_IR_OPS_SYNC

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class SyncOp<string mnemonic, list<Trait> traits = []> : PtoOp<mnemonic, traits> {
  let family = "sync";
  let pipe = NoPipe; // they are ordered by the rules of docs/memory-and-sync.md, not by effects
}

class FlagOp<string mnemonic, string call, string meaning> : SyncOp<mnemonic> {
  let arguments = (ins PipeAttr:$src_pipe, PipeAttr:$dst_pipe, EventAttr:$event_id);
  let assemblyFormat = "`[` custom<Token>($src_pipe) `,` custom<Token>($dst_pipe) `,` custom<Token>($event_id) `]` attr-dict";
  let hasVerifier = 1; // pipes of the core kind, never a pipe with itself, never PIPE_ALL
  let cpp = call # "($src_pipe, $dst_pipe, $event_id)";
  let semantics = Engine<meaning>;
}
def SetFlagOp : FlagOp<"set_flag", "set_flag", "raises the flag when everything earlier on the source pipe is complete"> {
  let summary = "Sends a token from one pipe to another.";
  let example = "pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]";
}
def WaitFlagOp : FlagOp<"wait_flag", "wait_flag", "holds the destination pipe until the flag is raised, and takes the token"> {
  let summary = "Receives a token from another pipe.";
}
class DynamicFlagOp<string mnemonic, string call, string meaning> : SyncOp<mnemonic> {
  let arguments = (ins PipeAttr:$src_pipe, PipeAttr:$dst_pipe, Index:$event_id);
  let assemblyFormat = "`[` custom<Token>($src_pipe) `,` custom<Token>($dst_pipe) `,` $event_id `]` attr-dict";
  let hasVerifier = 1; // as the static form
  let cpp = call # "($src_pipe, $dst_pipe, (event_t)$event_id)";
  let semantics = Engine<meaning>;
}
def SetFlagDynOp : DynamicFlagOp<"set_flag_dyn", "set_flag", "set_flag with an id computed at run time"> {
  let summary = "Sends a token; the event id is a value.";
}
def WaitFlagDynOp : DynamicFlagOp<"wait_flag_dyn", "wait_flag", "wait_flag with an id computed at run time"> {
  let summary = "Receives a token; the event id is a value.";
}

// The spellings by class of operation (library 8.2): turned into set_flag and wait_flag when normalised.
class EventOp<string mnemonic, string meaning> : SyncOp<mnemonic> {
  let arguments = (ins AnyAttr:$src_op, AnyAttr:$dst_op, EventAttr:$event_id);
  let assemblyFormat = "`[` custom<OpClass>($src_op) `,` custom<OpClass>($dst_op) `,` custom<Token>($event_id) `]` attr-dict";
  let hasVerifier = 1; // the classes map to two different pipes
  let semantics = Engine<meaning>;
}
def RecordEventOp : EventOp<"record_event", "set_flag between the pipes of the two classes"> {
  let summary = "set_flag, named by classes of operations.";
}
def WaitEventOp : EventOp<"wait_event", "wait_flag between the pipes of the two classes"> {
  let summary = "wait_flag, named by classes of operations.";
}

def BarrierOp : SyncOp<"barrier"> {
  let summary = "Later instructions of the pipe start after all earlier ones are complete; PIPE_ALL holds every pipe.";
  let arguments = (ins PipeAttr:$pipe_kind);
  let assemblyFormat = "custom<Token>($pipe_kind) attr-dict";
  let hasVerifier = 1; // the core must have the pipe
  let cpp = "pipe_barrier($pipe_kind)";
  let semantics = Engine<"end of everything earlier on the pipe comes before the start of anything later on it">;
}
def BarrierSyncOp : SyncOp<"barrier_sync"> {
  let summary = "barrier, named by a class of operations.";
  let arguments = (ins AnyAttr:$op_class);
  let assemblyFormat = "`[` custom<OpClass>($op_class) `]` attr-dict";
  let hasVerifier = 1; // the class maps to a pipe
  let semantics = Engine<"barrier of the pipe of the class">;
}
def FenceBarrierAllOp : SyncOp<"fence.barrier_all"> {
  let summary = "Drains every pipe, then makes all writes visible to other cores and ranks.";
  let since = "0.60";
  let arguments = (ins FenceScopeAttr:$scope);
  let assemblyFormat = "custom<FenceScope>($scope) attr-dict";
  let semantics = Engine<"barrier PIPE_ALL, then dsb unless only local memory is meant">;
}
def DsbOp : SyncOp<"dsb"> {
  let summary = "Holds the scalar unit until global memory shows every write that it knows to be complete.";
  let since = "0.60";
  let assemblyFormat = "attr-dict";
  let cpp = "dsb(DSB_DDR)";
  let semantics = Engine<"writes complete for the scalar unit become visible to other cores and ranks">;
}
def CacheInvalidOp : SyncOp<"cmo.cacheinvalid"> {
  let summary = "Writes back and invalidates the scalar data cache, or the line of it that a pointer or a view names.";
  let since = "0.60";
  let arguments = (ins Optional<AnyTypeOf<[Pointer, TensorView, PartitionView]>>:$ptr, OptionalAttr<AddressSpaceAttr>:$space);
  let assemblyFormat = "(`all` $space^) : ($ptr `single_cache_line` `:` qualified(type($ptr)))? attr-dict";
  let hasVerifier = 1; // one of the two, of global memory
  let semantics = Engine<"scalar writes reach global memory; later scalar reads fetch it">;
}

//===----------------------------------------------------------------------===//
// Between the cores of a block, and between blocks
//===----------------------------------------------------------------------===//

// On a2/a3 all of them go through FFTS, on a5 those between cube and vector are flags inside the block
// (lib/IR/CrossCore.cpp says which). A set is an instruction of its pipe, behind everything earlier on it; what other pipes do
// is not waited for.
class CrossCoreOp<string mnemonic, string meaning> : SyncOp<mnemonic> {
  let arguments = (ins PipeAttr:$pipe_kind, OptionalAttr<I32Attr>:$event_id, Optional<Index>:$event_id_dyn,
                       DefaultValuedOptionalAttr<I32Attr, "2">:$ffts_mode);
  let assemblyFormat = "custom<Token>($pipe_kind) `,` custom<FlagId>($event_id, $event_id_dyn) attr-dict";
  let hasVerifier = 1; // one id within the arch's range, a mode, a pipe that the core has
  let semantics = Engine<meaning>;
}
def SyncSetOp : CrossCoreOp<"sync.set", "sends a credit to other cores when everything earlier on the pipe is complete"> {
  let summary = "Raises a flag of other cores.";
  let description = [{
    `ffts_mode` 0 reaches all cores of the kind, 1 the vector cores of the block, 2 (the default) the other kind in the block:
    a set of the cube reaches both vector cores, and a wait of the cube needs both.
  }];
  let example = "pto.sync.set <PIPE_MTE3>, 3 {ffts_mode = 0 : i32}";
}
def SyncWaitOp : CrossCoreOp<"sync.wait", "takes a credit; on a2/a3 the scalar unit waits, on a5 the pipe"> {
  let summary = "Waits for a flag that other cores raise.";
}
class CrossBlockOp<string mnemonic, string meaning> : CrossCoreOp<mnemonic, meaning> {
  let since = "0.60";
  let arguments = (ins PipeAttr:$pipe_kind, OptionalAttr<I32Attr>:$event_id, Optional<Index>:$event_id_dyn,
                       DefaultValuedOptionalAttr<I32Attr, "0">:$ffts_mode);
}
def SetCrossBlockOp : CrossBlockOp<"set_cross_block", "sync.set with ffts_mode 0"> {
  let summary = "Raises a flag of all cores of the kind.";
}
def WaitCrossBlockOp : CrossBlockOp<"wait_cross_block", "sync.wait with ffts_mode 0"> {
  let summary = "Waits for a flag of all cores of the kind.";
}
class IntraBlockOp<string mnemonic, string meaning> : CrossCoreOp<mnemonic, meaning> {
  let since = "0.60";
  let arguments = (ins PipeAttr:$pipe_kind, OptionalAttr<I32Attr>:$event_id, Optional<Index>:$event_id_dyn);
}
def SetIntraBlockOp : IntraBlockOp<"set_intra_block", "sync.set with ffts_mode 2; on a5 of the one id that is named"> {
  let summary = "Raises a flag of the other kind of core in the block.";
  let description = [{On a5 the cube names vector core 0 by the ids 0..15 and vector core 1 by 16..31.}];
}
def WaitIntraBlockOp : IntraBlockOp<"wait_intra_block", "sync.wait with ffts_mode 2; on a5 of the one id that is named"> {
  let summary = "Waits for a flag of the other kind of core in the block.";
}
def SetFftsOp : SyncOp<"set_ffts"> {
  let summary = "Says where the flags of other cores lie; once, before the first of them (a2/a3).";
  let arguments = (ins AnyTypeOf<[Pointer, MemRefOf<[AnyI64, AnyI8]>, I64]>:$base);
  let assemblyFormat = "$base attr-dict `:` qualified(type($base))";
  let cpp = "set_ffts_base_addr((uint64_t)$base)";
  let semantics = Engine<"the base address of the cross-core flags">;
}
def SyncAllOp : SyncOp<"syncall", [AttrSizedOperandSegments]> {
  let summary = "All cores wait for one another.";
  let description = [{
    Hard: by flags of the chip; all blocks must be resident. Soft: by a counter in global memory, 16 elements of i32 that were
    zeroed once; `used` is how many cores take part, all when it is absent. Every pipe is drained first.
  }];
  let since = "0.48";
  let arguments = (ins Arg<Optional<PartitionView>, "counter", [MemRead<GlobalMemory>, MemWrite<GlobalMemory>]>:$workspace,
                       Optional<I32>:$used, SyncAllModeAttr:$mode, SyncCoreTypeAttr:$core_type);
  let assemblyFormat = [{
    `` custom<SyncAllOperands>($workspace, $used, type($workspace), type($used)) `mode` `=` qualified($mode) `,` `core_type` `=` qualified($core_type) attr-dict
  }];
  let pipe = PipeS;
  let hasVerifier = 1; // operands as the mode wants them, the counter's type and extent, the core's kind
  let micro = [Form<"hard", ["barrier ALL"]>, Form<"soft", ["barrier ALL", "S: workspace -> workspace", "barrier ALL"]>];
  let semantics = Engine<"no core goes on before all have come">;
}

//===----------------------------------------------------------------------===//
// Buffer ids (a5): a lock that pipes take in program order
//===----------------------------------------------------------------------===//

class BufferOp<string mnemonic, string meaning> : SyncOp<mnemonic> {
  let hasCustomAssemblyFormat = 1; // `[pipe, id, mode]`, `"pipe", id, mode`, and 0.41's `[pipe, id] {mode = 0 : i32}`
  let hasVerifier = 1; // a pipe of the core, an id of 0..31; a5 only
  let semantics = Engine<meaning>;
}
class FixedBufferOp<string mnemonic, string meaning> : BufferOp<mnemonic, meaning> {
  let arguments = (ins AnyAttr:$op_type, I32Attr:$buf_id, DefaultValuedOptionalAttr<I32Attr, "0">:$mode);
}
class DynamicBufferOp<string mnemonic, string meaning> : BufferOp<mnemonic, meaning> {
  let since = "0.60";
  let arguments = (ins AnyAttr:$op_type, Index:$buf_id, DefaultValuedOptionalAttr<I32Attr, "0">:$mode);
}
def GetBufOp : FixedBufferOp<"get_buf", "the pipe takes the buffer when its last holder has released it"> {
  let summary = "Takes a buffer for a pipe.";
  let example = "pto.get_buf[#pto.pipe<PIPE_V>, 3, 0]";
}
def RlsBufOp : FixedBufferOp<"rls_buf", "the pipe releases the buffer when everything earlier on it is complete"> {
  let summary = "Releases a buffer.";
}
def GetBufDynOp : DynamicBufferOp<"get_buf_dyn", "get_buf with an id computed at run time"> {
  let summary = "Takes a buffer whose number is a value.";
}
def RlsBufDynOp : DynamicBufferOp<"rls_buf_dyn", "rls_buf with an id computed at run time"> {
  let summary = "Releases a buffer whose number is a value.";
}

// Nothing in the dialect makes an event object, and the library's TSYNC takes no other (library 5.4): it is read, not printed.
def TSyncOp : SyncOp<"tsync"> {
  let summary = "Waits for event objects of the library.";
  let arguments = (ins Variadic<AnyType>:$events);
  let assemblyFormat = "`ins` `(` $events `:` qualified(type($events)) `)` attr-dict";
  let semantics = Engine<"waits for every event">;
}

class CoreIdOp<string mnemonic, string call, string meaning> : PtoOp<mnemonic, [Pure]> {
  let family = "sync";
  let results = (outs I64:$result);
  let assemblyFormat = "attr-dict";
  let pipe = NoPipe;
  let cpp = call;
  let semantics = Engine<meaning>;
}
def GetBlockIdxOp : CoreIdOp<"get_block_idx", "get_block_idx()", "number of the block, from 0"> { let summary = "Number of this block."; }
def GetBlockNumOp : CoreIdOp<"get_block_num", "get_block_num()", "number of blocks"> { let summary = "How many blocks run."; }
def GetSubblockIdxOp : CoreIdOp<"get_subblock_idx", "get_subblockid()", "number of the vector core in its block, from 0"> {
  let summary = "Number of this vector core in its block.";
}
def GetSubblockNumOp : CoreIdOp<"get_subblock_num", "get_subblockdim()", "vector cores of a block"> {
  let summary = "How many vector cores a block has.";
}

class SectionOp<string mnemonic, string kind> : PtoOp<mnemonic, [NoTerminator, SingleBlock, NoRegionArguments]> {
  let family = "sync";
  let summary = "Code for the " # kind # " core alone.";
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "attr-dict-with-keyword $body";
  let pipe = NoPipe;
  let hasVerifier = 1; // sections do not nest
  let semantics = Engine<"runs on the " # kind # " core of the block; the other kind skips it">;
}
def SectionCubeOp : SectionOp<"section.cube", "cube">;
def SectionVectorOp : SectionOp<"section.vector", "vector">;

#endif // PTOAS_IR_OPS_SYNC
