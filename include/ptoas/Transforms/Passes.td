//===- Passes.td - The passes of ptoas --------------------------*- tablegen -*-===//
#ifndef PTOAS_TRANSFORMS_PASSES
#define PTOAS_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def Normalize : Pass<"pto-normalize", "mlir::ModuleOp"> {
  let summary = "Rewrites what has two spellings into one.";
  let description = [{
    record_event, wait_event and barrier_sync become set_flag, wait_flag and barrier; fence.barrier_all becomes a barrier
    and a dsb; a barrier of a pipe that keeps its order by itself (PIPE_V on a5) goes, with a remark. math.absi, math.absf and
    affine.apply become arithmetic; a cache line that is named by a view is named by its address.
  }];
  let dependentDialects = ["pto::PtoDialect"];
}

def InferKinds : Pass<"pto-infer-kinds", "mlir::ModuleOp"> {
  let summary = "Says which core runs a function that does not.";
  let description = [{
    From its operations: one kind becomes the function's kernel_kind, runs of both kinds go into sections. Nothing changes in
    a module whose functions are all silent and of one kind, or that has a kernel_kind itself.
  }];
  let dependentDialects = ["pto::PtoDialect"];
}

def InferLayout : Pass<"pto-infer-layout", "mlir::ModuleOp"> {
  let summary = "Gives every view of global memory without a layout its own: nd or dn.";
  let description = [{
    From the strides of the two innermost dimensions; where both fit (one row, one column), from the tiles that move
    through the view. A layout that the program wrote is kept; nz is never guessed.
  }];
  let dependentDialects = ["pto::PtoDialect"];
}

def AssignPipeIds : Pass<"pto-assign-pipe-ids", "mlir::ModuleOp"> {
  let summary = "Gives pipe operations without a number the number 0.";
}

def LowerFrontendPipes : Pass<"pto-lower-frontend-pipes", "mlir::ModuleOp"> {
  let summary = "Turns pipes that are named by numbers into handles of the library's pipes.";
  let description = [{
    On a3 slots lie in global memory (initialize_l2g2l_pipe), on a5 in the consumer's local memory (initialize_l2l_pipe)
    unless entries are addresses. Every clause of the initialize op is handed on.
  }];
  let dependentDialects = ["pto::PtoDialect"];
}

def InferPipeNoSplit : Pass<"pto-infer-pipe-nosplit", "mlir::ModuleOp"> {
  let summary = "Decides for each pipe whether its entries are split between the two vector cores.";
  let description = [{What an initialize op says, else what the calls of both cores say, else split.}];
}

def ResolvePipes : Pass<"pto-resolve-pipes", "mlir::ModuleOp"> {
  let summary = "Matches the two sides of each pipe and decides what they left open: flags, local slots, addresses.";
  let description = [{
    Needs reservations with a base (pto-plan-memory). Flags that the program names are taken first, the others are the lowest that no
    kernel of the pipe uses. Reservations become constants.
  }];
  let dependentDialects = ["pto::PtoDialect", "mlir::arith::ArithDialect"];
}

def SetFfts : Pass<"pto-set-ffts", "mlir::ModuleOp"> {
  let summary = "Sets the base of the cross-core flags in kernels with pipes (a3).";
  let description = [{
    In a kernel whose first parameter is an i64 pointer named ffts or ffts_addr that nothing uses. Without such a parameter whoever
    launches the kernel sets the base.
  }];
  let dependentDialects = ["pto::PtoDialect"];
}

def CheckPipes : Pass<"pto-check-pipes", "mlir::ModuleOp"> {
  let summary = "Refuses pipes and flags between cores that hang or lose data, with the cycle of waits.";
  let description = [{
    Changes nothing. Runs what the cores of a block do on their pipes and on flags of the program's own against one another, for many
    values of the parameters that counts depend on; a warning where that proves nothing. Entries are received as what they were sent,
    and unit flags match.
  }];
  let options = [
    Option<"inside", "inside", "bool", "false", "Only what flags inside the cores add to the waits between them (a5)">,
    Option<"ownFlags", "own-flags", "std::string", "\"warn\"", "A hang of kernels without pipes is off, warn or error">
  ];
}

def PlanMemory : Pass<"pto-plan-memory", "mlir::ModuleOp"> {
  let summary = "Gives every tile an address (level1, level2).";
  let description = [{
    Needs tiles without addresses; gives constant ones. An independent validator judges the plan. Overflow names the tiles
    that are live together.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect"];
}

def CheckMemory : Pass<"pto-check-memory", "mlir::ModuleOp"> {
  let summary = "Refuses tiles without addresses (level3).";
}

def UseUnitFlags : Pass<"pto-use-unit-flags", "mlir::ModuleOp"> {
  let summary = "Hands accumulators from the cube to FIX by their unit flag, where that is possible.";
  let description = [{
    For accumulators whose products and stores alternate in the text of each block: any number of products, the first of which starts
    the sums, then one store that takes a phase. The last product and the store become `final`, the products before it `partial`. Whoever
    wrote a phase decides alone for that accumulator.
  }];
  let dependentDialects = ["pto::PtoDialect"];
}

def BindScales : Pass<"pto-bind-scales", "mlir::ModuleOp"> {
  let summary = "Gives scale tiles the addresses that belong to their operands.";
  let description = [{
    Needs tiles with addresses. The declaration of a tile that tget_scale_addr binds gets the operand's address, shifted; where
    that is no constant, it moves to the tget_scale_addr.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect"];
}

def InsertSync : Pass<"pto-insert-sync", "mlir::ModuleOp"> {
  let summary = "Adds the synchronisation that is missing.";
  let description = [{Needs addresses. Keeps every operation where it is; adds flags, barriers and fences only.}];
  let dependentDialects = ["pto::PtoDialect", "mlir::arith::ArithDialect"];
}

def BarrierAllSync : Pass<"pto-barrier-all-sync", "mlir::ModuleOp"> {
  let summary = "Drains all pipes before every access: slow, and right whatever the program does.";
  let dependentDialects = ["pto::PtoDialect"];
}

def VerifySync : Pass<"pto-verify-sync", "mlir::ModuleOp"> {
  let summary = "Proves that every hazard is ordered and every wait is satisfied (rules C1 - C5, C7, C8).";
  let description = [{Changes nothing. A root function without any synchronisation is not judged unless asked to.}];
  let options = [
    Option<"always", "always", "bool", "false", "Judge functions without any synchronisation too">,
    Option<"warn", "warn", "bool", "false", "Tell findings as warnings">,
    Option<"assume", "assume", "bool", "false", "Take for right what cannot be decided, and list it">,
    Option<"inserted", "inserted", "bool", "false", "ptoas itself inserted the synchronisation: a finding is its bug">
  ];
}

def PrepareForCpp : Pass<"pto-prepare-for-cpp", "mlir::ModuleOp"> {
  let summary = "Leaves only what has a C++ form; everything else is an error with its location.";
  let description = [{A kernel that stores through a pointer on the scalar unit, itself or in its helpers, flushes the data cache before it returns.}];
  let dependentDialects = ["pto::PtoDialect"];
}

#endif // PTOAS_TRANSFORMS_PASSES
