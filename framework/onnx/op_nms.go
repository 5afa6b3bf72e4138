package onnx

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/macaw-ai/macaw/framework/tensor"
)

var _ = register(map[string]operator{
	"NonMaxSuppression": {2, 5, compileNMS},
})

func init() { resultTypes["NonMaxSuppression"] = fixedTypes(tensor.Int64) }

// box is given by two corners, low ones first.
type box struct{ y0, x0, y1, x1 float32 }

func (b box) area() float32 { return (b.y1 - b.y0) * (b.x1 - b.x0) }

// iou is the area that two boxes share over the area they cover together; 0 when
// one of them is empty. It is float32, as in onnxruntime, so that overlaps near
// the threshold fall alike.
func (b box) iou(c box) float32 {
	h, w := min(b.y1, c.y1)-max(b.y0, c.y0), min(b.x1, c.x1)-max(b.x0, c.x0)
	if h <= 0 || w <= 0 || b.area() <= 0 || c.area() <= 0 {
		return 0
	}
	return h * w / (b.area() + c.area() - h*w)
}

// readBoxes reads [N,4] as two opposite corners (y,x,y,x) in any order or, with
// center, as (x,y,width,height).
func readBoxes(v []float32, center bool) []box {
	out := make([]box, len(v)/4)
	for i := range out {
		a, b, c, d := v[4*i], v[4*i+1], v[4*i+2], v[4*i+3]
		if center {
			a, b, c, d = b-d/2, a-c/2, b+d/2, a+c/2
		}
		out[i] = box{min(a, c), min(b, d), max(a, c), max(b, d)}
	}
	return out
}

// scalarOf reads the only element of an optional input.
func scalarOf[T tensor.Element](t *tensor.Tensor, def T) (T, error) {
	if t == nil {
		return def, nil
	}
	v, ok := t.Data().([]T)
	if !ok || len(v) != 1 {
		return def, fmt.Errorf("want one %T, got %v", def, t)
	}
	return v[0], nil
}

// compileNMS keeps, for every batch and class, the best boxes that overlap none
// kept before by more than iou_threshold: boxes [B,N,4] and scores [B,C,N] give
// the rows (batch, class, box) of an int64 matrix, best scores first. Only
// scores above score_threshold count; max_output_boxes_per_class is 0 unless
// given, which keeps nothing.
func compileNMS(n *call) kernel {
	center := n.flag("center_point_box", false)
	return func(ctx context.Context, in []*tensor.Tensor) ([]*tensor.Tensor, error) {
		if err := floatsOnly(in[0], in[1]); err != nil {
			return nil, err
		}
		limit, err := scalarOf(in[2], int64(0))
		if err != nil {
			return nil, err
		}
		iou, err := scalarOf(in[3], float32(0))
		if err != nil {
			return nil, err
		}
		least, err := scalarOf(in[4], float32(math.Inf(-1)))
		if err != nil {
			return nil, err
		}
		if !(iou >= 0 && iou <= 1) {
			return nil, fmt.Errorf("iou_threshold is %v, want 0 to 1", iou)
		}
		sb, ss := in[0].Shape(), in[1].Shape()
		if len(sb) != 3 || len(ss) != 3 || sb[2] != 4 || sb[0] != ss[0] || sb[1] != ss[2] {
			return nil, fmt.Errorf("want boxes [B,N,4] and scores [B,C,N], got %v and %v", in[0], in[1])
		}
		var out []int64
		for b := range ss[0] {
			boxes := readBoxes(in[0].Float32s()[b*sb[1]*4:(b+1)*sb[1]*4], center)
			for c := range ss[1] {
				scores := in[1].Float32s()[(b*ss[1]+c)*ss[2]:][:ss[2]]
				kept, err := suppress(ctx, boxes, scores, limit, iou, least)
				if err != nil {
					return nil, err
				}
				for _, i := range kept {
					out = append(out, int64(b), int64(c), int64(i))
				}
			}
		}
		return []*tensor.Tensor{tensor.Of(out, len(out)/3, 3)}, nil
	}
}

// suppress returns the boxes to keep of one class, best scores first; of equal
// scores the earlier box wins.
func suppress(ctx context.Context, boxes []box, scores []float32, limit int64, iou, least float32) (kept []int, err error) {
	var order []int
	for i, s := range scores {
		if s > least {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case scores[i] > scores[j]:
			return -1
		case scores[i] < scores[j]:
			return 1
		}
		return 0
	})
	for _, i := range order {
		if int64(len(kept)) >= limit {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(kept, func(k int) bool { return boxes[i].iou(boxes[k]) > iou }) {
			kept = append(kept, i)
		}
	}
	return kept, nil
}
