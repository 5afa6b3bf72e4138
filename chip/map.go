package chip

// Map is a fused chain of elementwise operations in static single assignment
// form. Operand r of an instruction means argument r when r < len(Args), else
// the result of instruction r-len(Args). Args broadcast to the outputs' common
// shape by numpy's rule (shapes aligned at the right, 1 repeats).
//
// Computation is in Float32 when the outputs are Float32, BFloat16, Bool or Uint8
// and no argument is Int64 or Int32: BFloat16, Bool and Uint8 arguments are
// widened, comparisons give 0 or 1, storing to Bool is x != 0, to Uint8 and
// BFloat16 rounds half to even, and Uint8 saturates. With an Int64 or Int32
// argument every argument and computation is in Int64, and outputs are Int64,
// Int32 or Bool.
//
// An output may share storage with an argument of its own type and shape.
type Map struct {
	Code []MapInstr
	Outs []int // operand number of each output
}

// MapInstr is one step of a Map.
type MapInstr struct {
	Fn      MapFn
	A, B, C int     // operands; unused ones are 0
	Imm     float32 // for Const
}

// MapFn is an elementwise function.
type MapFn uint8

// The functions of Map; A, B and C are its operands.
const (
	FnConst MapFn = iota // Imm
	FnAdd                // A+B
	FnSub
	FnMul
	FnDiv
	FnMax
	FnMin
	FnPow
	FnNeg
	FnAbs
	FnExp
	FnLog
	FnSqrt
	FnRsqrt // 1/sqrt(A)
	FnRecip // 1/A
	FnTanh
	FnSigmoid
	FnErf
	FnSin
	FnCos
	FnRelu
	FnFloor
	FnCeil
	FnRound // half to even
	FnSign
	FnEq
	FnNe
	FnLt
	FnLe
	FnAnd // A != 0 && B != 0
	FnOr
	FnNot
	FnWhere // A != 0 ? B : C
	FnMod   // A - B·floor(A/B)
	FnIsNaN
	FnCDF // Φ(A) = (1+erf(A/√2))/2, the normal distribution function
)

var mapFnNames = [...]string{"Const", "Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Neg", "Abs", "Exp", "Log", "Sqrt",
	"Rsqrt", "Recip", "Tanh", "Sigmoid", "Erf", "Sin", "Cos", "Relu", "Floor", "Ceil", "Round", "Sign", "Eq", "Ne", "Lt", "Le",
	"And", "Or", "Not", "Where", "Mod", "IsNaN", "CDF"}

// String is the name without "Fn".
func (f MapFn) String() string { return mapFnNames[f] }

// Arity is the number of operands.
func (f MapFn) Arity() int {
	switch f {
	case FnConst:
		return 0
	case FnAdd, FnSub, FnMul, FnDiv, FnMax, FnMin, FnPow, FnEq, FnNe, FnLt, FnLe, FnAnd, FnOr, FnMod:
		return 2
	case FnWhere:
		return 3
	}
	return 1
}
