package onnx

// The field numbers of onnx.proto. Each message lists its fields once; the
// codec in wire.go reads and writes by that list.

func (m *Model) fields() []field {
	return []field{
		{num: 1, name: "ir_version", v: &m.IRVersion}, {num: 2, name: "producer_name", v: &m.ProducerName},
		{num: 3, name: "producer_version", v: &m.ProducerVersion}, {num: 4, name: "domain", v: &m.Domain},
		{num: 5, name: "model_version", v: &m.Version}, {num: 6, name: "doc_string", v: &m.Doc},
		{num: 7, name: "graph", v: one(&m.Graph)}, {num: 8, name: "opset_import", v: many(&m.Opsets)},
		{num: 14, name: "metadata_props", v: many(&m.Metadata)},
		{num: 25, name: "functions", v: many(&m.Functions)}, {v: &m.unknown},
	}
}

func (o *Opset) fields() []field {
	return []field{{num: 1, name: "domain", v: &o.Domain}, {num: 2, name: "version", v: &o.Version}, {v: &o.unknown}}
}

func (e *Entry) fields() []field {
	return []field{{num: 1, name: "key", v: &e.Key}, {num: 2, name: "value", v: &e.Value}, {v: &e.unknown}}
}

func (g *Graph) fields() []field {
	return []field{
		{num: 1, name: "node", v: many(&g.Nodes)}, {num: 2, name: "name", v: &g.Name},
		{num: 5, name: "initializer", v: many(&g.Initializers)}, {num: 10, name: "doc_string", v: &g.Doc},
		{num: 11, name: "input", v: many(&g.Inputs)}, {num: 12, name: "output", v: many(&g.Outputs)},
		{num: 13, name: "value_info", v: many(&g.ValueInfos)}, {v: &g.unknown},
	}
}

func (n *Node) fields() []field {
	return []field{
		{num: 1, name: "input", v: &n.Inputs}, {num: 2, name: "output", v: &n.Outputs},
		{num: 3, name: "name", v: &n.Name}, {num: 4, name: "op_type", v: &n.OpType},
		{num: 5, name: "attribute", v: many(&n.Attributes)}, {num: 6, name: "doc_string", v: &n.Doc},
		{num: 7, name: "domain", v: &n.Domain}, {num: 8, name: "overload", v: &n.Overload}, {v: &n.unknown},
	}
}

// fields marks the value of a's type as present, as proto2 readers want it,
// unless a refers to another attribute.
func (a *Attribute) fields() []field {
	return []field{
		{num: 1, name: "name", v: &a.Name}, {num: 2, name: "f", v: &a.F, force: a.Type == AttrFloat && a.Ref == ""},
		{num: 3, name: "i", v: &a.I, force: a.Type == AttrInt && a.Ref == ""}, {num: 4, name: "s", v: &a.S, force: a.Type == AttrString && a.Ref == ""},
		{num: 5, name: "t", v: one(&a.T)}, {num: 6, name: "g", v: one(&a.G)},
		{num: 7, name: "floats", v: &a.Floats}, {num: 8, name: "ints", v: &a.Ints},
		{num: 9, name: "strings", v: &a.Strings}, {num: 10, name: "tensors", v: many(&a.Tensors)},
		{num: 11, name: "graphs", v: many(&a.Graphs)}, {num: 13, name: "doc_string", v: &a.Doc},
		{num: 14, name: "tp", v: one(&a.TP)}, {num: 15, name: "type_protos", v: many(&a.Types)},
		{num: 20, name: "type", v: (*int32)(&a.Type)}, {num: 21, name: "ref_attr_name", v: &a.Ref}, {v: &a.unknown},
	}
}

func (f *Function) fields() []field {
	return []field{
		{num: 1, name: "name", v: &f.Name}, {num: 4, name: "input", v: &f.Inputs}, {num: 5, name: "output", v: &f.Outputs},
		{num: 6, name: "attribute", v: &f.AttrNames}, {num: 7, name: "node", v: many(&f.Nodes)},
		{num: 8, name: "doc_string", v: &f.Doc}, {num: 9, name: "opset_import", v: many(&f.Opsets)},
		{num: 10, name: "domain", v: &f.Domain}, {num: 11, name: "attribute_proto", v: many(&f.Attributes)},
		{num: 13, name: "overload", v: &f.Overload}, {v: &f.unknown},
	}
}

func (t *TensorProto) fields() []field {
	return []field{
		{num: 1, name: "dims", v: &t.Dims}, {num: 2, name: "data_type", v: (*int32)(&t.DataType)},
		{num: 4, name: "float_data", v: &t.FloatData}, {num: 5, name: "int32_data", v: &t.Int32Data},
		{num: 6, name: "string_data", v: &t.StringData}, {num: 7, name: "int64_data", v: &t.Int64Data},
		{num: 8, name: "name", v: &t.Name}, {num: 9, name: "raw_data", v: &t.RawData},
		{num: 10, name: "double_data", v: &t.DoubleData}, {num: 11, name: "uint64_data", v: &t.Uint64Data},
		{num: 12, name: "doc_string", v: &t.Doc}, {num: 13, name: "external_data", v: many(&t.External)},
		{num: 14, name: "data_location", v: &t.Location}, {v: &t.unknown},
	}
}

func (v *ValueInfo) fields() []field {
	return []field{
		{num: 1, name: "name", v: &v.Name}, {num: 2, name: "type", v: one(&v.Type)},
		{num: 3, name: "doc_string", v: &v.Doc}, {v: &v.unknown},
	}
}

func (t *TypeProto) fields() []field {
	return []field{
		{num: 1, name: "tensor_type", v: one(&t.Tensor)}, {num: 4, name: "sequence_type", v: one(&t.Sequence)},
		{num: 5, name: "map_type", v: one(&t.Map)}, {num: 9, name: "optional_type", v: one(&t.Optional)}, {v: &t.unknown},
	}
}

func (t *ElemType) fields() []field {
	return []field{{num: 1, name: "elem_type", v: one(&t.Elem)}, {v: &t.unknown}}
}

func (t *MapType) fields() []field {
	return []field{
		{num: 1, name: "key_type", v: (*int32)(&t.Key)}, {num: 2, name: "value_type", v: one(&t.Value)}, {v: &t.unknown},
	}
}

func (t *TensorType) fields() []field {
	return []field{
		{num: 1, name: "elem_type", v: (*int32)(&t.Elem)}, {num: 2, name: "shape", v: one(&t.Shape)}, {v: &t.unknown},
	}
}

func (s *Shape) fields() []field {
	return []field{{num: 1, name: "dim", v: many(&s.Dims)}, {v: &s.unknown}}
}

func (d *Dim) fields() []field {
	return []field{{num: 1, name: "dim_value", v: &d.Value}, {num: 2, name: "dim_param", v: &d.Param}, {v: &d.unknown}}
}
