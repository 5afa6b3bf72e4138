package graph

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Roofline is what a machine can do at most.
type Roofline struct {
	FLOPS     float64 `json:"flops"`     // floating-point operations a second
	Bandwidth float64 `json:"bandwidth"` // bytes a second from and to memory
}

// Bound returns the least time in which the machine does so much arithmetic
// and moves so much memory, and which of them needs it: "compute" or "memory".
// Source: Williams, Waterman, Patterson 2009, doi:10.1145/1498765.1498785.
func (r Roofline) Bound(flops, bytes int64) (least time.Duration, by string) {
	compute, memory := float64(flops)/max(r.FLOPS, 1), float64(bytes)/max(r.Bandwidth, 1)
	if compute >= memory {
		return time.Duration(compute * 1e9), "compute"
	}
	return time.Duration(memory * 1e9), "memory"
}

// OpTime sums up the instructions of one kind.
type OpTime struct {
	Op    string
	Calls int
	Time  time.Duration
	Share float64 // of the sum of all instructions
	FLOPs int64
	Bytes int64
	// OfPeak is the least time by the roofline, taken for each instruction,
	// over the time spent. Data that the caches still hold moves faster than
	// memory does, so it can exceed 1.
	OfPeak float64
	Bound  string // "compute" or "memory": what most of the least time is due to; "" when there is none
}

// By sums up p's instructions by key, such as Kind or Line, slowest first.
func (p *Profile) By(key func(InstrTime) string, r Roofline) []OpTime {
	total := max(float64(p.Total()), 1)
	index := map[string]int{}
	var list []OpTime
	var least []map[string]time.Duration
	for _, in := range p.Instrs {
		name := key(in)
		i, ok := index[name]
		if !ok {
			i = len(list)
			index[name] = i
			list, least = append(list, OpTime{Op: name}), append(least, map[string]time.Duration{})
		}
		o := &list[i]
		o.Calls, o.Time, o.FLOPs, o.Bytes = o.Calls+1, o.Time+in.Time, o.FLOPs+in.FLOPs, o.Bytes+in.Bytes
		t, by := r.Bound(in.FLOPs, in.Bytes)
		least[i][by] += t
	}
	for i := range list {
		compute, memory := least[i]["compute"], least[i]["memory"]
		list[i].Share = float64(list[i].Time) / total
		list[i].OfPeak = float64(compute+memory) / max(float64(list[i].Time), 1)
		switch {
		case compute+memory == 0:
		case compute >= memory:
			list[i].Bound = "compute"
		default:
			list[i].Bound = "memory"
		}
	}
	slices.SortStableFunc(list, func(a, b OpTime) int { return cmp.Compare(b.Time, a.Time) })
	return list
}

// Kind is the chip's operator without its attributes, for Profile.By.
func (i InstrTime) Kind() string {
	name, _, _ := strings.Cut(i.Op, "[")
	return name
}

// Line is the operator with its label, for Profile.By.
func (i InstrTime) Line() string {
	if i.Label == "" || i.Label == i.Kind() {
		return i.Kind()
	}
	return i.Kind() + "  " + i.Label
}
