package fault

import "slices"

// Nearest returns up to n of names that resemble name, best first, for
// "did you mean" sentences. Names that need more edits than half their length
// are left out.
func Nearest(name string, names []string, n int) []string {
	type scored struct {
		name string
		dist int
	}
	var hits []scored
	for _, c := range names {
		if d := editDistance(name, c); d <= (len(c)+1)/2 {
			hits = append(hits, scored{c, d})
		}
	}
	slices.SortStableFunc(hits, func(a, b scored) int { return a.dist - b.dist })
	var out []string
	for _, h := range hits[:min(n, len(hits))] {
		out = append(out, h.name)
	}
	return out
}

// editDistance is Levenshtein's distance over lower-cased ASCII bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if lower(a[i]) == lower(b[j]) {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, prev+cost)
			prev, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
