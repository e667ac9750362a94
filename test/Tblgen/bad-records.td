// Every kind of bad record is refused at the record's own line, all in one run.
// RUN: not pto-tblgen -gen-pto-op-info -I %include -I %llvm-include %s 2>&1 | FileCheck %s

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class Fine<string m> : PtoOp<m> {
  let summary = "Fine so far.";
  let family = "test";
  let pipe = PipeV;
  let arguments = (ins In<>:$src, Out<>:$dst);
  let semantics = Map<"src">;
  let cpp = "TX($dst, $src)";
}

// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.no_summary' needs a summary
def NoSummary : Fine<"no_summary"> { let summary = ""; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.no_family' needs a family: the reference page that it stands on
def NoFamily : Fine<"no_family"> { let family = ""; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.no_pipe' needs a pipe: one of the pipes, NoPipe, ByRoute or ByMicro
def NoPipeGiven : Fine<"no_pipe"> { let pipe = ?; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.routes_missing' needs routes exactly when its pipe is ByRoute
def RoutesMissing : Fine<"routes_missing"> { let pipe = ByRoute; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.routes_idle' needs routes exactly when its pipe is ByRoute
def RoutesIdle : Fine<"routes_idle"> { let routes = [Route<SpaceVec, SpaceVec, PipeV>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.micro_missing' has the pipe ByMicro but no micro program
def MicroMissing : Fine<"micro_missing"> { let pipe = ByMicro; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.no_semantics' has no semantics
def NoSemantics : Fine<"no_semantics"> { let semantics = ?; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.map_unused' has a Map that never uses its input 'src'
def MapUnused : Fine<"map_unused"> { let semantics = Map<"1 + 1">; }

// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.cpp_unknown' names 'source' in its C++ form, which is neither operand nor attribute of it
def CppUnknown : Fine<"cpp_unknown"> { let cpp = "TX($dst, $source)"; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.cpp_forgets' never passes operand 'src' to its C++ form
def CppForgets : Fine<"cpp_forgets"> { let cpp = "TX($dst)"; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.cpp_optional' has 'src' in its C++ form, written as if it were optional
def CppOptional : Fine<"cpp_optional"> { let cpp = "TX($dst, $?src)"; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.cpp_template' has a template argument 'src', which is no enum attribute with a default
def CppTemplate : Fine<"cpp_template"> { let cpp = "TX<?src>($dst, $src)"; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.cpp_template_open' has a template argument without '>' in its C++ form
def CppTemplateOpen : Fine<"cpp_template_open"> { let cpp = "TX<?src($dst, $src)"; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.cpp_open' has a helper without '}' in its C++ form
def CppOpen : Fine<"cpp_open"> { let cpp = "TX{help($dst, $src)"; }

// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.rule_unknown' has a rule 'rowMajor' on 'tmp', which is no operand of it
def RuleUnknown : Fine<"rule_unknown"> { let rules = [RowMajor<["tmp"]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.condition_unknown' has a rule whose condition names 'scale', which it does not have
def ConditionUnknown : Fine<"condition_unknown"> { let rules = [When<Present<"scale">, RowMajor<["src"]>>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.types_unchecked' lists element types that no ElementsOf rule checks
def TypesUnchecked : Fine<"types_unchecked"> { let types = [On<A3, [E_F32]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.types_missing' has an ElementsOf rule but lists no element types
def TypesMissing : Fine<"types_missing"> { let rules = [ElementsOf<"src">]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.types_twice' lists the element types of one arch twice
def TypesTwice : Fine<"types_twice"> { let types = [On<A3, [E_F32]>, On<A3, [E_F16]>]; let rules = [ElementsOf<"src">]; }

// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.types_empty' has an empty list of element types; leave the arch out to say that it lacks the op
def TypesEmpty : Fine<"types_empty"> { let types = [On<A3, []>]; let rules = [ElementsOf<"src">]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.whole_unknown' has no tile operand 'tmp' that could be whole
def WholeUnknown : Fine<"whole_unknown"> { let wholeTiles = ["tmp"]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.attribute_unknown' has a rule 'attributeIn' on 'mode', which is no attribute of it
def AttributeUnknown : Fine<"attribute_unknown"> { let rules = [AttributeIn<"mode", [0]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.words_of_nothing' has a rule 'rowMajor' whose words belong to no enum
def WordsOfNothing : Fine<"words_of_nothing"> { let rules = [Rule<"rowMajor", "$0", ["src"], ["word"]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.routes_between' has routes, so it needs operands named src and dst
def RoutesBetween : Fine<"routes_between"> {
  let arguments = (ins In<>:$a, Out<>:$dst);
  let pipe = ByRoute;
  let routes = [Route<SpaceVec, SpaceGm, PipeMte3>];
  let semantics = Map<"a">;
  let cpp = "TX($dst, $a)";
}

// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.step_unreadable' has a micro step that cannot be read: "set MTE2>MTE2 0"
def StepUnreadable : Fine<"step_unreadable"> { let micro = [Form<"f", ["set MTE2>MTE2 0"]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.step_operand' has a micro step on 'stage', which is no operand of it
def StepOperand : Fine<"step_operand"> { let micro = [Form<"f", ["V: src -> stage"]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.token_left' form 'f' leaves V>S 0 pending
def TokenLeft : Fine<"token_left"> { let micro = [Form<"f", ["set V>S 0"]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.token_early' form 'f' waits for V>S 0 before it is set
def TokenEarly : Fine<"token_early"> { let micro = [Form<"f", ["wait V>S 0"]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.token_twice' form 'f' sets V>S 0 twice
def TokenTwice : Fine<"token_twice"> { let micro = [Form<"f", ["set V>S 0", "set V>S 0", "wait V>S 0"]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.token_loop' form 'f' leaves V>S 0 pending at one end of a loop only
def TokenLoop : Fine<"token_loop"> { let micro = [Form<"f", ["loop {", "set V>S 0", "}", "wait V>S 0"]>]; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.loop_open' form 'f' leaves a loop open
def LoopOpen : Fine<"loop_open"> { let micro = [Form<"f", ["loop {"]>]; }

// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.loop_closed' form 'f' closes a loop that it never opened
def LoopClosed : Fine<"loop_closed"> { let micro = [Form<"f", ["}"]>]; }

// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.version' has a version that is none of 0.41, 0.48, 0.60
def Version : Fine<"version"> { let since = "0.1"; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.backwards' ends before it begins: since 0.60, until 0.48
def Backwards : Fine<"backwards"> { let since = "0.60"; let until = "0.48"; }
// CHECK-DAG: bad-records.td:[[@LINE+1]]:{{.*}}error: 'pto.spelling' was 'pto.version', but that spelling is taken
def Spelling : Fine<"spelling"> { let was = ["pto.version"]; }
// CHECK: error: bad op records
