//===- GmGather.td - Gather, scatter and prefetch of global memory -*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_GMGATHER
#define PTOAS_IR_OPS_GMGATHER

include "ptoas/IR/Ops/Gather.td"

// The library drains what may still use the tiles, reads the indices on S, moves, and hands back (library 5.5). Every set
// is followed by its wait.
class HandOver<string pair> { list<string> steps = ["set " # pair # " 0", "wait " # pair # " 0"]; }
class HandOvers<list<string> pairs> { list<string> steps = !foldl([]<string>, pairs, all, p, !listconcat(all, HandOver<p>.steps)); }

def MGatherOp : PtoOp<"mgather", [AttrSizedOperandSegments]> {
  let summary = "Collects rows or elements of a table in global memory.";
  let modelled = "The order of the flags inside the call.";
  let description = [{
    `coalesce` says what an index names: a row of the table, or an element counted through all of it. What an index beyond the
    table does says `gatherOob`: undefined, the last one (clamp), modulo (wrap), or zero. With indices in global memory the
    result is an Nz tile of L1.
  }];
  let family = "gather";
  let arguments = (ins GmIn<>:$src, OptionalIn:$idx, OptionalGmIn:$gmIdx, OptionalGmInOut:$scratch, Out<>:$dst,
                       CoalesceAttr:$coalesce, DefaultValuedOptionalAttr<GatherOobAttr, "::pto::GatherOobKind::Undefined">:$gatherOob);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // layout of the table
  let pipe = ByRoute;
  let routes = [Route<SpaceGm, SpaceVec, PipeMte2, [A3]>, Route<SpaceGm, SpaceVec, PipeV, [A5]>, Route<SpaceGm, SpaceMat, PipeMte2>];
  let types = [On<A3, MovedA5>, On<A5, MovedA5>];
  let rules = [
    LegalRoute<"src", "dst">, OneOf<["idx", "gmIdx"]>, GatherScratch<"scratch", "gmIdx">, Tiles<["dst"]>, ElementsOf<"dst">,
    SameElement<["src", "dst"]>, PositiveDims<["src"]>, ElementIs<["idx"], Words32>, ElementIs<["gmIdx"], Words32>,
    When<Present<"idx">, InSpace<["idx", "dst"], [SpaceVec]>>, When<Present<"idx">, BlockLayout<"dst", "RowMajor", "NoneBox">>,
    NoBoxes<"idx">, When<Present<"idx">, TableIndices<"idx", "dst">>, When<Present<"gmIdx">, InSpace<["dst"], [SpaceMat]>>,
    When<Present<"gmIdx">, BlockLayout<"dst", "ColMajor", "RowMajor">>, When<Present<"gmIdx">, FractalSize<"dst", [512]>>];
  let cpp = "MGATHER{gatherModes}($dst, $src, $?idx, $?gmIdx, $?scratch)";
  let micro = [
    Form<"a3, to UB", !listconcat(HandOvers<["V>S", "MTE2>S", "MTE3>S"]>.steps, ["S: idx ->"], HandOvers<["S>MTE2"]>.steps,
                                  ["MTE2: src, idx -> dst"], HandOvers<["MTE2>V", "MTE2>MTE3", "S>V", "S>MTE3"]>.steps)>,
    Form<"a3, to L1", !listconcat(HandOvers<["MTE2>S", "MTE3>S"]>.steps, ["S: gmIdx ->"], HandOvers<["S>MTE2"]>.steps,
                                  ["MTE2: src, gmIdx, scratch -> dst, scratch"], HandOvers<["MTE2>MTE3", "S>MTE3"]>.steps)>,
    Form<"a5, to UB", !listconcat(HandOvers<["V>S"]>.steps, ["S: idx ->"], HandOvers<["S>MTE2", "S>V"]>.steps,
                                  ["V: src, idx -> dst"])>,
    Form<"a5, to L1", !listconcat(["S: gmIdx ->"], HandOvers<["S>MTE2"]>.steps, ["MTE2: src, gmIdx, scratch -> dst, scratch"])>];
  let semantics = Kernel<"table_gather">;
}

def MScatterOp : PtoOp<"mscatter"> {
  let summary = "Writes rows or elements of a table in global memory, or combines with them.";
  let modelled = "The order of the flags inside the call; which of several writes to one entry stays.";
  let description = [{
    As mgather the other way round. An index beyond the table is undefined, skipped, clamped or wrapped (`scatterOob`); `scatterAtomicOp`
    adds or takes the larger or smaller one. With `scatterConflict` last the last of equal indices wins.
  }];
  let family = "gather";
  let arguments = (ins In<>:$src, In<>:$idx, GmInOut<>:$dst, CoalesceAttr:$coalesce,
                       DefaultValuedOptionalAttr<ScatterAtomicOpAttr, "::pto::ScatterAtomicKind::None">:$scatterAtomicOp,
                       DefaultValuedOptionalAttr<ScatterOobAttr, "::pto::ScatterOobKind::Undefined">:$scatterOob,
                       DefaultValuedOptionalAttr<ScatterConflictAttr, "::pto::ScatterConflictKind::Default">:$scatterConflict);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // layout of the table
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceGm, PipeMte3, [A3]>, Route<SpaceVec, SpaceGm, PipeV, [A5]>];
  let types = [On<A3, MovedA5>, On<A5, MovedA5>];
  let rules = [LegalRoute<"src", "dst">, Tiles<["src"]>, InSpace<["idx"], [SpaceVec]>, BlockLayout<"src", "RowMajor", "NoneBox">,
               NoBoxes<"idx">, ElementsOf<"src">, SameElement<["src", "dst"]>, ElementIs<["idx"], Words32>, PositiveDims<["dst"]>,
               TableIndices<"idx", "src">, AtomicElements<"src">];
  let cpp = "MSCATTER{scatterModes}($dst, $src, $idx)";
  let micro = [
    Form<"a3", !listconcat(HandOvers<["V>S", "MTE2>S", "MTE3>S"]>.steps, ["S: idx ->"], HandOvers<["S>MTE3"]>.steps,
                           ["MTE3: src, idx, dst -> dst"], HandOvers<["MTE3>MTE2", "MTE3>V", "S>MTE2", "S>V"]>.steps)>,
    Form<"a5", !listconcat(HandOvers<["V>S"]>.steps, ["S: idx ->"], HandOvers<["S>V"]>.steps, ["V: src, idx, dst -> dst"])>];
  let semantics = Kernel<"table_scatter">;
}

def TPrefetchOp : PtoOp<"tprefetch"> {
  let summary = "Warms the cache with a part of global memory; the tile holds nothing afterwards.";
  let family = "gather";
  let arguments = (ins GmIn<>:$src, Scratch<>:$dst);
  let assemblyFormat = InsOuts<["src"], ["dst"]>.text;
  let pipe = PipeMte2;
  let rules = [PositiveDims<["src"]>, Tiles<["dst"]>, ValidPositive<["dst"]>, InSpace<["dst"], [SpaceVec, SpaceMat]>,
               SameBytes<["src", "dst"]>];
  let cpp = "TPREFETCH($dst, $src)";
  let semantics = Kernel<"prefetch">;
}

def MakePrefetchAsyncContextOp : PtoOp<"make_prefetch_async_context"> {
  let summary = "Prepares asynchronous prefetches in a workspace.";
  let family = "comm";
  let since = "0.48";
  let arguments = (ins Pointer:$workspace);
  let results = (outs PrefetchAsyncContext:$ctx);
  let assemblyFormat = "`(` $workspace `:` qualified(type($workspace)) `)` attr-dict `->` qualified(type($ctx))";
  let pipe = NoPipe;
  let cpp = "pto::PrefetchAsyncContext($workspace)";
  let semantics = Engine<"a context">;
}
def GetPrefetchAsyncSessionOp : PtoOp<"get_prefetch_async_session", [Pure]> {
  let summary = "The session of a context.";
  let family = "comm";
  let since = "0.48";
  let arguments = (ins PrefetchAsyncContext:$ctx);
  let results = (outs AsyncSession:$session);
  let assemblyFormat = "$ctx attr-dict `:` qualified(type($ctx)) `->` qualified(type($session))";
  let pipe = NoPipe;
  let cpp = "$ctx.session";
  let semantics = Engine<"a session">;
}
// A hint to the cache: it races with nothing.
def TPrefetchAsyncOp : PtoOp<"tprefetch_async"> {
  let summary = "Starts to warm the cache and goes on.";
  let family = "comm";
  let since = "0.48";
  let arguments = (ins GmIn<>:$src, PrefetchAsyncContext:$ctx);
  let results = (outs AsyncEvent:$event);
  let assemblyFormat = "`(` $src `,` $ctx `:` qualified(type($src)) `,` qualified(type($ctx)) `)` attr-dict `->` qualified(type($event))";
  let pipe = NoPipe;
  let cpp = "TPREFETCH_ASYNC($src, $ctx)";
  let semantics = Engine<"nothing that a program can see">;
}

#endif // PTOAS_IR_OPS_GMGATHER
