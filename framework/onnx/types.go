package onnx

import (
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

// resultTypes gives the element types of an operator's outputs where they are
// not those of its first input. 0 means unknown before it runs.
var resultTypes = map[string]func(n *call, in []tensor.DType) []tensor.DType{}

func fixedTypes(ts ...tensor.DType) func(*call, []tensor.DType) []tensor.DType {
	return func(*call, []tensor.DType) []tensor.DType { return ts }
}

func init() {
	for _, op := range []string{"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf", "RegexFullMatch"} {
		resultTypes[op] = fixedTypes(tensor.Bool)
	}
	for _, op := range []string{"Shape", "Size", "ArgMax", "ArgMin", "NonZero"} {
		resultTypes[op] = fixedTypes(tensor.Int64)
	}
	for _, op := range []string{"TfIdfVectorizer", "TreeEnsembleRegressor", "Scaler", "OneHotEncoder", "Normalizer", "LinearRegressor"} {
		resultTypes[op] = fixedTypes(tensor.Float32)
		resultTypes[MLDomain+"."+op] = fixedTypes(tensor.Float32)
	}
	for _, op := range []string{"TreeEnsembleClassifier", "LinearClassifier"} {
		resultTypes[MLDomain+"."+op] = fixedTypes(0, tensor.Float32)
	}
	resultTypes["Cast"] = func(n *call, _ []tensor.DType) []tensor.DType {
		to, _ := castTarget(n)
		return []tensor.DType{to}
	}
	resultTypes["CastLike"] = func(_ *call, in []tensor.DType) []tensor.DType { return in[1:2] }
	resultTypes["Where"] = func(_ *call, in []tensor.DType) []tensor.DType { return in[1:2] }
	resultTypes["OneHot"] = func(_ *call, in []tensor.DType) []tensor.DType { return in[2:3] }
	resultTypes["TopK"] = func(_ *call, in []tensor.DType) []tensor.DType { return []tensor.DType{in[0], tensor.Int64} }
	resultTypes["StringSplit"] = fixedTypes(tensor.String, tensor.Int64)
	resultTypes["Dropout"] = func(n *call, in []tensor.DType) []tensor.DType {
		if n.version < 10 {
			return []tensor.DType{in[0], in[0]}
		}
		return []tensor.DType{in[0], tensor.Bool}
	}
	resultTypes["ConstantOfShape"] = func(n *call, _ []tensor.DType) []tensor.DType {
		if t := n.tensor("value"); t != nil {
			return []tensor.DType{t.DType()}
		}
		return []tensor.DType{tensor.Float32}
	}
	resultTypes[MLDomain+".LabelEncoder"] = func(n *call, _ []tensor.DType) []tensor.DType {
		if v := n.attrValues("values"); v != nil {
			return []tensor.DType{v.DType()}
		}
		return nil
	}
	resultTypes["PixelResize"] = fixedTypes(tensor.Float32)
	resultTypes["StringReplace"] = fixedTypes(tensor.String)
	for _, op := range []string{"Loop", "If", "Constant"} {
		resultTypes[op] = fixedTypes()
	}
}

// slotTypes infers the element type of every slot of p; declared gives those of
// its inputs.
func (p *program) slotTypes(declared []tensor.DType) []tensor.DType {
	types := make([]tensor.DType, len(p.consts))
	for i, t := range p.consts {
		if t != nil {
			types[i] = t.DType()
		}
	}
	for i, s := range p.inputs {
		types[s] = declared[i]
	}
	for _, st := range p.steps {
		in := make([]tensor.DType, len(st.ins))
		for i, s := range st.ins {
			if s >= 0 {
				in[i] = types[s]
			}
		}
		out := st.call.resultTypes(in, len(st.outs))
		for i, s := range st.outs {
			if s >= 0 && i < len(out) {
				types[s] = out[i]
			}
		}
	}
	return types
}

// resultTypes gives the element types of the node's outputs for those of its inputs.
func (n *call) resultTypes(in []tensor.DType, outs int) []tensor.DType {
	if f := resultTypes[operatorName(n.node)]; f != nil {
		return f(n, in)
	}
	if len(in) == 0 {
		return nil
	}
	return slices.Repeat(in[:1], outs)
}
