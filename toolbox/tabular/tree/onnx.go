package tree

import "github.com/macaw-ai/macaw/framework/onnx"

// Export adds e to b as a TreeEnsembleRegressor on x, float32 [N, Features], and
// returns its raw outputs, float32 [N, Outputs]. Its leaves are those of
// Predict; its sums may differ by rounding.
func (e *Ensemble) Export(b *onnx.Builder, x string) string {
	n := e.Nodes()
	ints := func() []int64 { return make([]int64, 0, n) }
	trees, ids, features, yes, no, missing := ints(), ints(), ints(), ints(), ints(), ints()
	modes, values := make([]string, 0, n), make([]float32, 0, n)
	var leafTree, leafNode, leafTarget []int64
	var leafWeight []float32
	for t := range e.Trees {
		for i := range e.Trees[t].Nodes {
			node := &e.Trees[t].Nodes[i]
			trees, ids = append(trees, int64(t)), append(ids, int64(i))
			if node.Leaf() {
				modes, values, features = append(modes, "LEAF"), append(values, 0), append(features, 0)
				yes, no, missing = append(yes, 0), append(no, 0), append(missing, 0)
				for _, w := range e.Trees[t].Weights[node.Left:node.Right] {
					leafTree, leafNode = append(leafTree, int64(t)), append(leafNode, int64(i))
					leafTarget, leafWeight = append(leafTarget, int64(w.Output)), append(leafWeight, w.Value)
				}
				continue
			}
			modes, values = append(modes, "BRANCH_LEQ"), append(values, node.Threshold)
			features = append(features, int64(node.Feature))
			yes, no = append(yes, int64(node.Left)), append(no, int64(node.Right))
			m := int64(0)
			if node.MissingLeft {
				m = 1
			}
			missing = append(missing, m)
		}
	}
	return b.ML("TreeEnsembleRegressor", onnx.Attrs{
		"aggregate_function": "SUM", "post_transform": "NONE", "n_targets": e.Outputs, "base_values": e.Base,
		"nodes_treeids": trees, "nodes_nodeids": ids, "nodes_featureids": features, "nodes_modes": modes,
		"nodes_values": values, "nodes_truenodeids": yes, "nodes_falsenodeids": no,
		"nodes_missing_value_tracks_true": missing,
		"target_treeids":                  leafTree, "target_nodeids": leafNode, "target_ids": leafTarget, "target_weights": leafWeight,
	}, x)
}
