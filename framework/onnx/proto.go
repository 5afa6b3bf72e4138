package onnx

// Model is ModelProto: a graph and the operator sets it is written in.
type Model struct {
	IRVersion       int64
	ProducerName    string
	ProducerVersion string
	Domain          string
	Version         int64
	Doc             string
	Graph           *Graph
	Opsets          []*Opset
	Metadata        []*Entry
	Functions       []*Function
	unknown         []byte
}

// Function is FunctionProto: an operator that the model defines by nodes. Call
// nodes name it by domain, name and overload.
type Function struct {
	Name       string
	Inputs     []string
	Outputs    []string
	AttrNames  []string     // attributes without a default
	Attributes []*Attribute // those with one
	Nodes      []*Node
	Doc        string
	Opsets     []*Opset
	Domain     string
	Overload   string
	unknown    []byte
}

// Opset is OperatorSetIdProto: a domain ("" is ai.onnx) and its version.
type Opset struct {
	Domain  string
	Version int64
	unknown []byte
}

// Entry is StringStringEntryProto.
type Entry struct {
	Key, Value string
	unknown    []byte
}

// Graph is GraphProto: nodes in topological order over named values.
type Graph struct {
	Name         string
	Nodes        []*Node
	Initializers []*TensorProto
	Doc          string
	Inputs       []*ValueInfo
	Outputs      []*ValueInfo
	ValueInfos   []*ValueInfo
	unknown      []byte
}

// Node is NodeProto: one operator. An empty input or output name means that an
// optional one is left out.
type Node struct {
	Inputs     []string
	Outputs    []string
	Name       string
	OpType     string
	Domain     string
	Overload   string
	Doc        string
	Attributes []*Attribute
	unknown    []byte
}

// AttributeType says which field of an Attribute holds its value.
type AttributeType int32

// The attribute types of onnx.proto that have a field here.
const (
	AttrFloat   AttributeType = 1
	AttrInt     AttributeType = 2
	AttrString  AttributeType = 3
	AttrTensor  AttributeType = 4
	AttrGraph   AttributeType = 5
	AttrFloats  AttributeType = 6
	AttrInts    AttributeType = 7
	AttrStrings AttributeType = 8
	AttrTensors AttributeType = 9
	AttrGraphs  AttributeType = 10
	AttrType    AttributeType = 13
	AttrTypes   AttributeType = 14
)

// Attribute is AttributeProto: a named constant of a node.
type Attribute struct {
	Name    string
	Type    AttributeType
	F       float32
	I       int64
	S       string
	T       *TensorProto
	G       *Graph
	TP      *TypeProto
	Floats  []float32
	Ints    []int64
	Strings []string
	Tensors []*TensorProto
	Graphs  []*Graph
	Types   []*TypeProto
	Ref     string // in a function: the attribute of its call that gives the value
	Doc     string
	unknown []byte
}

// DataType is TensorProto.DataType, the element types of the wire.
type DataType int32

// The element types that have a counterpart in package tensor.
const (
	TypeFloat    DataType = 1
	TypeUint8    DataType = 2
	TypeInt8     DataType = 3
	TypeUint16   DataType = 4
	TypeInt16    DataType = 5
	TypeInt32    DataType = 6
	TypeInt64    DataType = 7
	TypeString   DataType = 8
	TypeBool     DataType = 9
	TypeFloat16  DataType = 10
	TypeDouble   DataType = 11
	TypeUint32   DataType = 12
	TypeUint64   DataType = 13
	TypeBFloat16 DataType = 16
)

// TensorProto is a constant tensor as it stands on the wire; see Tensor and
// NewTensorProto for the way from and to package tensor.
type TensorProto struct {
	Name       string
	Dims       []int64
	DataType   DataType
	FloatData  []float32
	Int32Data  []int32
	StringData []string
	Int64Data  []int64
	DoubleData []float64
	Uint64Data []uint64
	RawData    []byte
	External   []*Entry
	Location   int64 // 1 means that the data stands in another file
	Doc        string
	unknown    []byte
}

// ValueInfo is ValueInfoProto: the name and type of a value.
type ValueInfo struct {
	Name    string
	Type    *TypeProto
	Doc     string
	unknown []byte
}

// TypeProto is the type of a value, of which one field says the kind. Sparse
// tensors and opaque values keep only their bytes.
type TypeProto struct {
	Tensor   *TensorType
	Sequence *ElemType
	Map      *MapType
	Optional *ElemType
	unknown  []byte
}

// ElemType is TypeProto.Sequence and TypeProto.Optional: the type of what they hold.
type ElemType struct {
	Elem    *TypeProto
	unknown []byte
}

// MapType is TypeProto.Map.
type MapType struct {
	Key     DataType
	Value   *TypeProto
	unknown []byte
}

// TensorType is TypeProto.Tensor; a nil Shape means that nothing is known of it.
type TensorType struct {
	Elem    DataType
	Shape   *Shape
	unknown []byte
}

// Shape is TensorShapeProto.
type Shape struct {
	Dims    []*Dim
	unknown []byte
}

// Dim is one dimension: a size, a symbol, or neither when it is unknown.
type Dim struct {
	Value   *int64
	Param   string
	unknown []byte
}
