package data

import (
	"fmt"
	"slices"

	"github.com/macaw-ai/macaw/data/imagefile"
)

// clusters are disjoint sets of samples.
type clusters []int32

func newClusters(n int) clusters {
	c := make(clusters, n)
	for i := range c {
		c[i] = int32(i)
	}
	return c
}

func (c clusters) find(i int) int {
	for int(c[i]) != i {
		c[i] = c[c[i]]
		i = int(c[i])
	}
	return i
}

// join merges two sets; the lower index names the result.
func (c clusters) join(i, j int) {
	i, j = c.find(i), c.find(j)
	c[max(i, j)] = int32(min(i, j))
}

// joinEqual merges samples of equal content and returns how many have an earlier
// twin.
func (c clusters) joinEqual(key func(i int) string) int {
	first := make(map[string]int, len(c))
	twins := 0
	for i := range c {
		if j, ok := first[key(i)]; ok {
			c.join(i, j)
			twins++
		} else {
			first[key(i)] = i
		}
	}
	return twins
}

// pairBudget bounds the comparisons of a quarter, so that sets of very many
// look-alikes, such as digits on an empty ground, cost little.
const pairBudget = 6_000_000

// joinNear merges near-equal images: those that share one of four 16-bit quarters
// of their hashes are compared. It returns how many were merged.
func (c clusters) joinNear(prints []imagefile.Print) int {
	merged := 0
	window := max(16, min(400, pairBudget/max(1, len(prints))))
	for band := range 4 {
		buckets := map[uint16][]int{}
		for i := range prints {
			key := uint16(prints[i].Bits >> (16 * band))
			buckets[key] = append(buckets[key], i)
		}
		for _, b := range buckets {
			// Sorting by hash brings look-alikes together.
			slices.SortStableFunc(b, func(i, j int) int {
				switch x, y := prints[i].Bits, prints[j].Bits; {
				case x < y:
					return -1
				case x > y:
					return 1
				}
				return 0
			})
			for k, i := range b {
				for _, j := range b[max(0, k-window):k] {
					if prints[i].Near(&prints[j]) && c.find(i) != c.find(j) {
						c.join(i, j)
						merged++
					}
				}
			}
		}
	}
	return merged
}

// groupDuplicates finds exact and near duplicates among images, keeps them
// together where the split is ours, and reports those across given parts.
func (d *draft) groupDuplicates(prints []imagefile.Print) {
	c := newClusters(len(d.samples))
	exact := c.joinEqual(func(i int) string { return d.samples[i].Hash })
	d.reportTwins("exact-duplicates", "exact duplicates", c, exact)
	if len(prints) > 0 && len(prints) <= maxNear {
		before := slices.Clone(c)
		if near := c.joinNear(prints); near > 0 {
			d.reportNear(before, c, near)
		}
	}
	d.keepTogether(c)
}

// maxNear is the largest set that is searched for near duplicates; above it the
// import would take too long.
const maxNear = 100_000

// reportTwins reports duplicates: across given parts, with different labels, or
// merely present.
func (d *draft) reportTwins(code, what string, c clusters, twins int) {
	if twins == 0 {
		return
	}
	across, example := d.acrossParts(c)
	if across > 0 {
		d.find(Finding{Code: code + "-across-parts", Severity: Serious, Count: across, Samples: example,
			Message: fmt.Sprintf("%s of the validation and test parts are %s of training samples; the figures will look better than they are.", counted(across, "sample", "samples"), what)})
	}
	d.find(Finding{Code: code, Severity: Info, Count: twins, Samples: d.twinPaths(c),
		Message: fmt.Sprintf("%s %s of others; they are kept in the same part where Macaw splits.", counted(twins, "sample is one of the", "samples are"), what)})
	if conflicts, example := d.conflicts(c); conflicts > 0 {
		d.find(Finding{Code: "conflicting-labels", Severity: Warning, Count: conflicts, Samples: example,
			Message: fmt.Sprintf("%s the same content as another of a different class.", counted(conflicts, "sample has", "samples have"))})
	}
}

func (d *draft) reportNear(before, after clusters, near int) {
	var changed []string
	for i := range after {
		if before.find(i) != after.find(i) && len(changed) < 10 {
			changed = append(changed, d.samples[i].Path+" ~ "+d.samples[after.find(i)].Path)
		}
	}
	was, _ := d.acrossParts(before)
	if across, example := d.acrossParts(after); across > was {
		d.find(Finding{Code: "near-duplicates-across-parts", Severity: Warning, Count: across - was, Samples: example,
			Message: fmt.Sprintf("%s of the validation and test parts look almost like training samples.", counted(across-was, "sample", "samples"))})
	}
	d.find(Finding{Code: "near-duplicates", Severity: Info, Count: near, Samples: changed,
		Message: fmt.Sprintf("%s almost like another.", counted(near, "sample looks", "samples look"))})
}

// acrossParts counts the samples outside of training, in given parts, whose set
// has a training sample.
func (d *draft) acrossParts(c clusters) (n int, example []string) {
	if d.given == nil {
		return 0, nil
	}
	inTrain := map[int]int{}
	for i := range c {
		if d.given[i] && d.samples[i].Part == Train {
			if _, ok := inTrain[c.find(i)]; !ok {
				inTrain[c.find(i)] = i
			}
		}
	}
	for i := range c {
		if !d.given[i] || d.samples[i].Part == Train {
			continue
		}
		if j, ok := inTrain[c.find(i)]; ok {
			if n++; len(example) < 10 {
				example = append(example, d.samples[i].Path+" = "+d.samples[j].Path)
			}
		}
	}
	return n, example
}

func (d *draft) twinPaths(c clusters) (paths []string) {
	for i := range c {
		if j := c.find(i); j != i && len(paths) < 10 {
			paths = append(paths, d.samples[i].Path+" = "+d.samples[j].Path)
		}
	}
	return paths
}

// conflicts counts samples whose set has another label.
func (d *draft) conflicts(c clusters) (n int, example []string) {
	if d.m.Regression() {
		return 0, nil
	}
	for i := range c {
		if j := c.find(i); d.samples[i].Label != d.samples[j].Label {
			if n++; len(example) < 10 {
				example = append(example, d.samples[i].Path+" = "+d.samples[j].Path)
			}
		}
	}
	return n, example
}

// keepTogether makes the sets of more than one sample groups of the split, joined
// with the groups of a group column.
func (d *draft) keepTogether(c clusters) {
	if d.groups != nil {
		c.joinEqual(func(i int) string {
			if d.groups[i] == "" {
				return fmt.Sprintf("\x00%d", i)
			}
			return d.groups[i]
		})
	}
	d.together = c
}
