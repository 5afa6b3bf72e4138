package nn

import (
	"math"

	"github.com/macaw-ai/macaw/framework/graph"
)

// BoxOverlap is how IoULoss measures the distance of boxes.
type BoxOverlap uint8

const (
	// IoU is intersection over union; apart, boxes have no gradient.
	IoU BoxOverlap = iota
	// GIoU also counts the part of the hull that the union leaves empty.
	// Source: Rezatofighi et al. 2019, arXiv:1902.09630, alg. 1.
	GIoU
	// DIoU also counts the squared distance of the centres over that of the
	// hull's corners. Source: Zheng et al. 2020, arXiv:1911.08287, eq. 7.
	DIoU
	// CIoU also counts the difference of the aspect ratios.
	// Source: Zheng et al. 2020, arXiv:1911.08287, eq. 10.
	CIoU
)

// IoULoss returns the mean of 1 - overlap of boxes and targets [..., 4], given as
// (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2 in any one unit.
func IoULoss(boxes, target *graph.Node, kind BoxOverlap) *graph.Node {
	return graph.Mean(graph.Sub(graph.Scalar(boxes.Graph(), 1), BoxIoU(boxes, target, kind)))
}

// BoxIoU returns the overlap [...] of pairs of boxes [..., 4]; both operands
// broadcast, so that [N,1,4] and [1,M,4] give all pairs [N,M].
func BoxIoU(a, b *graph.Node, kind BoxOverlap) *graph.Node {
	for _, n := range []*graph.Node{a, b} {
		if n.Rank() < 1 || !n.Dim(-1).Is(4) {
			graph.Fail("BoxIoU", []*graph.Node{a, b}, "boxes must be [... 4]")
		}
	}
	p, q := sidesOf(a), sidesOf(b)
	common := p.join(q, graph.Max, graph.Min)
	inter := graph.Mul(graph.Relu(common.width()), graph.Relu(common.height()))
	union := graph.AddScalar(graph.Sub(graph.Add(p.area(), q.area()), inter), tiny)
	iou := graph.Div(inter, union)
	hull := p.join(q, graph.Min, graph.Max)
	switch kind {
	case GIoU:
		area := graph.AddScalar(hull.area(), tiny)
		return graph.Sub(iou, graph.Div(graph.Sub(area, union), area))
	case DIoU, CIoU:
		iou2 := graph.Sub(iou, graph.Div(p.apart(q), graph.AddScalar(hull.diagonal(), tiny)))
		if kind == CIoU {
			iou2 = graph.Sub(iou2, shapePenalty(p, q, iou))
		}
		return iou2
	}
	return iou
}

// tiny keeps the quotients of empty boxes defined.
const tiny = 1e-7

// shapePenalty is α·v with v = (2/π·(atan w/h - atan w'/h'))² and α = v/(1-IoU+v),
// through which no gradient flows.
func shapePenalty(p, q sides, iou *graph.Node) *graph.Node {
	angle := func(s sides) *graph.Node {
		return graph.Atan(graph.Div(s.width(), graph.AddScalar(s.height(), tiny)))
	}
	v := graph.MulScalar(graph.Square(graph.Sub(angle(p), angle(q))), 4/(math.Pi*math.Pi))
	alpha := graph.Div(v, graph.AddScalar(graph.Sub(v, iou), 1+tiny))
	return graph.Mul(graph.StopGradient(alpha), v)
}

// sides are the coordinates of boxes.
type sides struct{ x1, y1, x2, y2 *graph.Node }

func sidesOf(boxes *graph.Node) sides {
	at := func(i int) *graph.Node { return graph.Squeeze(graph.Slice(boxes, -1, i, i+1), -1) }
	return sides{at(0), at(1), at(2), at(3)}
}

// join combines the near sides by near and the far ones by far.
func (s sides) join(t sides, near, far func(a, b *graph.Node) *graph.Node) sides {
	return sides{near(s.x1, t.x1), near(s.y1, t.y1), far(s.x2, t.x2), far(s.y2, t.y2)}
}

func (s sides) width() *graph.Node  { return graph.Sub(s.x2, s.x1) }
func (s sides) height() *graph.Node { return graph.Sub(s.y2, s.y1) }
func (s sides) area() *graph.Node   { return graph.Mul(s.width(), s.height()) }

// diagonal is the squared length of the diagonals.
func (s sides) diagonal() *graph.Node {
	return graph.Add(graph.Square(s.width()), graph.Square(s.height()))
}

// apart is the squared distance of the centres.
func (s sides) apart(t sides) *graph.Node {
	dx := graph.Sub(graph.Add(s.x1, s.x2), graph.Add(t.x1, t.x2))
	dy := graph.Sub(graph.Add(s.y1, s.y2), graph.Add(t.y1, t.y2))
	return graph.MulScalar(graph.Add(graph.Square(dx), graph.Square(dy)), 0.25)
}
