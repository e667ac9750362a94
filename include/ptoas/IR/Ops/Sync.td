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
  let semantics = Engine<"barrier PIPE_ALL, then dsb">;
}
def DsbOp : SyncOp<"dsb"> {
  let summary = "Holds the scalar unit until global memory shows every write that it knows to be complete.";
  let since = "0.60";
  let assemblyFormat = "attr-dict";
  let cpp = "dsb(DSB_DDR)";
  let semantics = Engine<"writes complete for the scalar unit become visible to other cores and ranks">;
}
def CacheInvalidOp : SyncOp<"cmo.cacheinvalid"> {
  let summary = "Writes back and invalidates the scalar data cache.";
  let since = "0.60";
  let arguments = (ins AddressSpaceAttr:$space);
  let assemblyFormat = "`all` $space attr-dict";
  let cpp = "dcci((__gm__ void*)0, cache_line_t::ENTIRE_DATA_CACHE)";
  let semantics = Engine<"scalar writes reach global memory; later scalar reads fetch it">;
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
