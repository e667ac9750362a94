//===- Pipe.td - Rings of slots between the cores of a block ----*- tablegen -*-===//
//
// Two levels. Front-ends write one initialize op per core, which names its pipe by a number, and push and pop by that
// number; pto-lower-frontend-pipes turns them into handles of the library's TPipe (library 9). What a call does on
// which pipe is in `micro`; the data that the other core sees, and its flags, belong to the protocol and not to the
// program of one core.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_OPS_PIPE
#define PTOAS_IR_OPS_PIPE

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class PipeOp<string mnemonic, list<Trait> traits = []> : PtoOp<mnemonic, traits> {
  let family = "pipe";
  let pipe = NoPipe;
  let hasCustomAssemblyFormat = 1; // clauses come in any order
  let hasVerifier = 1;             // lib/IR/PipeFrontend.cpp, lib/IR/PipeOps.cpp
}

// What every initialize op may say about its TPipe. Each of them reaches the library's object or is refused: a test takes this
// list and follows every member through all passes (unittests/EndToEnd/PipeClausesTest).
defvar PipeClauses = (ins I8Attr:$dir_mask, I32Attr:$slot_size, OptionalAttr<I32Attr>:$local_slot_num,
                          OptionalAttr<I32Attr>:$cons_sync_period, OptionalAttr<BoolAttr>:$nosplit, OptionalAttr<BoolAttr>:$unit_flag,
                          OptionalAttr<AccPushEpilogueAttr>:$acc_push_epilogue);

//===----------------------------------------------------------------------===//
// What front-ends write
//===----------------------------------------------------------------------===//

class FrontendInitOp<string mnemonic, string core> : PipeOp<mnemonic, [AttrSizedOperandSegments]> {
  let summary = "Opens a pipe on the " # core # " core.";
  let description = [{
    `dir_mask` 1 carries tiles from the cube to the vector core (C2V), 2 from vector to cube (V2C), 3 both ways. `slot_size`
    counts the bytes of one whole entry, both halves when it is split; `slot_num` (default 8, 4 with two directions) the slots of the
    ring; `local_slot_num` the places in the consumer's local memory (default: as many as its reservation holds, else 2).
    `cons_sync_period` names the entries after which the consumer gives slots back, which the library derives from `slot_num`: it
    chooses a `slot_num` where none is given, else the two must agree. `unit_flag` lets a push from the accumulator use the unit flag. The other core opens the same pipe with the same numbers.
  }];
  let arguments = !con((ins OptionalAttr<I32Attr>:$id, OptionalAttr<I32Attr>:$slot_num), PipeClauses,
                       (ins Optional<Pointer>:$gm_slot_buffer, Optional<TensorView>:$gm_slot_tensor, Optional<I32>:$c2v_consumer_buf,
                            Optional<I32>:$v2c_consumer_buf));
  let semantics = Engine<"opens a ring of slots that the other core opens too">;
}
def AicInitializePipeOp : FrontendInitOp<"aic_initialize_pipe", "cube">;
def AivInitializePipeOp : FrontendInitOp<"aiv_initialize_pipe", "vector">;

defvar FrontendClauses = (ins OptionalAttr<I32Attr>:$id, I8Attr:$split);

class FrontendAllocOp<string mnemonic, string to> : PipeOp<mnemonic> {
  let summary = "The next free slot of the ring to the " # to # " core, as memory to store into.";
  let arguments = FrontendClauses;
  let results = (outs TensorView:$entry);
  let semantics = Engine<"waits until the next slot is free and gives its place">;
}
def TAllocToAivOp : FrontendAllocOp<"talloc_to_aiv", "vector">;
def TAllocToAicOp : FrontendAllocOp<"talloc_to_aic", "cube">;

class FrontendPushOp<string mnemonic, string to> : PipeOp<mnemonic> {
  let summary = "Sends a tile, or the slot that was filled, to the " # to # " core.";
  let arguments = !con((ins Arg<PipeEntry, "read", [MemRead<TileMemory>]>:$entry, Optional<AnySignlessIntegerOrIndex>:$aiv_subblockid),
                       FrontendClauses);
  let semantics = Engine<"stores the tile into the next free slot and says that it is there">;
}
def TPushToAivOp : FrontendPushOp<"tpush_to_aiv", "vector">;
def TPushToAicOp : FrontendPushOp<"tpush_to_aic", "cube">;

class FrontendPopOp<string mnemonic, string from> : PipeOp<mnemonic, [AttrSizedOperandSegments]> {
  let summary = "Receives the next entry of the " # from # " core.";
  let description = [{With `(%rows, %cols)` the tile has this valid extent; its type then says `valid=?x?`.}];
  let arguments = !con((ins Optional<Index>:$valid_row, Optional<Index>:$valid_col, Optional<AnySignlessIntegerOrIndex>:$aiv_subblockid),
                       FrontendClauses);
  let results = (outs Res<PipeEntry, "written", [MemWrite<TileMemory>]>:$entry);
  let semantics = Engine<"waits for the next entry and fetches it">;
}
def TPopFromAicOp : FrontendPopOp<"tpop_from_aic", "cube">;
def TPopFromAivOp : FrontendPopOp<"tpop_from_aiv", "vector">;

class FrontendFreeOp<string mnemonic, string to> : PipeOp<mnemonic> {
  let summary = "Gives the oldest entry back to the " # to # " core.";
  let arguments = !con((ins Optional<TensorView>:$entry), FrontendClauses);
  let semantics = Engine<"the slot of the oldest entry is free again">;
}
def TFreeFromAicOp : FrontendFreeOp<"tfree_from_aic", "cube">;
def TFreeFromAivOp : FrontendFreeOp<"tfree_from_aiv", "vector">;

//===----------------------------------------------------------------------===//
// The library's pipe
//===----------------------------------------------------------------------===//

defvar HandleClauses = !con((ins OptionalAttr<I32Attr>:$id, I32Attr:$slot_num, OptionalAttr<I32Attr>:$flag_base), PipeClauses);

def InitializeL2G2LPipeOp : PipeOp<"initialize_l2g2l_pipe", [AttrSizedOperandSegments]> {
  let summary = "A pipe through global memory.";
  let description = [{
    `local` is where the consumer keeps what it pops (C2V with two directions), `peer` the same of the other direction. Without
    them entries are addresses in global memory. `flag_base` is the first of two flags (four with two directions).
  }];
  let arguments = !con(HandleClauses, (ins AnyTypeOf<[Pointer, TensorView]>:$gm_addr, Optional<I32>:$local_addr,
                                           Optional<I32>:$peer_local_addr));
  let results = (outs PipeHandle:$pipe);
  let semantics = Engine<"a TPipe over a ring in global memory">;
}
def InitializeL2LPipeOp : PipeOp<"initialize_l2l_pipe"> {
  let summary = "A pipe whose slots lie in the consumer's local memory (a5).";
  let arguments = !con(HandleClauses, (ins I32:$local_addr, Optional<I32>:$peer_local_addr));
  let results = (outs PipeHandle:$pipe);
  let semantics = Engine<"a TPipe over a ring in the consumer's local memory">;
}

class PipeCallOp<string mnemonic> : PipeOp<mnemonic> {
  let pipe = ByMicro;
}
class PipeIs<string name> : Arg<PipeHandle, name, [MemRead<TileMemory>, MemWrite<TileMemory>]>;

def TAllocOp : PipeCallOp<"talloc"> {
  let summary = "The next free slot of a pipe through global memory.";
  let arguments = (ins Arg<TensorView, "written", [MemWrite<GlobalMemory>]>:$entry, PipeIs<"advanced">:$pipe_handle, I8Attr:$split);
  let micro = [Form<"address", ["S: ->"]>]; // the scalar unit waits for the slot
  let cpp = "TALLOC<{pipeTypes}>($pipe_handle, $entry)";
  let semantics = Engine<"waits until the next slot is free and gives its place">;
}
def TPushOp : PipeCallOp<"tpush"> {
  let summary = "Sends a tile, or the slot that was filled.";
  let arguments = (ins Arg<PipeEntry, "read", [MemRead<TileMemory>]>:$entry, PipeIs<"advanced">:$pipe_handle,
                       Optional<AnySignlessIntegerOrIndex>:$aiv_subblockid, I8Attr:$split);
  let micro = [Form<"from acc", ["FIX: entry ->"]>, Form<"from vec", ["MTE3: entry ->"]>,
               Form<"address, cube", ["FIX signals: entry ->"]>, Form<"address, vector", ["MTE3 signals: entry ->"]>];
  let cpp = "TPUSH<{pipeTypes}>($pipe_handle, $entry{subblock})";
  let semantics = Engine<"stores the tile into the next free slot and says that it is there">;
}
def TPopOp : PipeCallOp<"tpop"> {
  let summary = "Receives the next entry.";
  let arguments = (ins Arg<PipeEntry, "written", [MemWrite<TileMemory>]>:$entry, PipeIs<"advanced">:$pipe_handle,
                       Optional<AnySignlessIntegerOrIndex>:$aiv_subblockid, I8Attr:$split);
  // Through global memory the call loads; a ring in local memory holds the entry already.
  let micro = [Form<"through GM", ["MTE2: -> entry"]>, Form<"local, vector", ["V signals: -> entry"]>,
               Form<"local, cube", ["MTE1 signals: -> entry"]>, Form<"address", ["S: ->"]>];
  let cpp = "TPOP<{pipeTypes}>($pipe_handle, $entry{subblock})";
  let semantics = Engine<"waits for the next entry and fetches it">;
}
def TFreeOp : PipeCallOp<"tfree"> {
  let summary = "Gives the oldest entry back.";
  let arguments = (ins Arg<Optional<TensorView>, "read", [MemRead<GlobalMemory>]>:$entry, PipeIs<"advanced">:$pipe_handle, I8Attr:$split);
  // A tile that came through global memory was given back by its load.
  let micro = [Form<"through GM", ["S: ->"]>, Form<"local, vector", ["V signals: -> pipe_handle"]>,
               Form<"local, cube", ["MTE1 signals: -> pipe_handle"]>, Form<"address", ["MTE2 signals: -> entry"]>,
               Form<"address, a5 cube", ["MTE1 signals: -> entry"]>];
  let cpp = "TFREE<{pipeTypes}>($pipe_handle, $?entry)";
  let semantics = Engine<"the slot of the oldest entry is free again">;
}

def DeclareTileOp : PipeOp<"declare_tile", [AttrSizedOperandSegments]> {
  let summary = "A tile without an address: tpop binds it.";
  let arguments = (ins Optional<Index>:$valid_row, Optional<Index>:$valid_col);
  let results = (outs TileBuf:$tile);
  let semantics = Engine<"names a tile whose place the next pop gives">;
}
def DeclareGlobalOp : PipeOp<"declare_global"> {
  let summary = "An entry without an address: talloc or tpop binds it.";
  let results = (outs TensorView:$entry);
  let semantics = Engine<"names an entry whose place the next talloc or tpop gives">;
}

//===----------------------------------------------------------------------===//
// Local memory that two functions agree on
//===----------------------------------------------------------------------===//

def ReserveBufferOp : PipeOp<"reserve_buffer"> {
  let summary = "Sets local memory of this function aside and gives its address.";
  let description = [{With `auto = true` the planner places it; with `auto = false` it lies at `base`.}];
  let arguments = (ins StrAttr:$name, I32Attr:$size, AddressSpaceAttr:$location, BoolAttr:$is_auto, OptionalAttr<I32Attr>:$base);
  let results = (outs I32:$address);
  let semantics = Engine<"address = where the bytes begin">;
}
def ImportReservedBufferOp : PipeOp<"import_reserved_buffer"> {
  let summary = "The address of memory that another function reserves.";
  let arguments = (ins StrAttr:$name, FlatSymbolRefAttr:$peer_func);
  let results = (outs I32:$address);
  let semantics = Engine<"address = that of the reservation">;
}

#endif // PTOAS_IR_OPS_PIPE
