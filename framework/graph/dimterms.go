package graph

// DimTerm is Factor times the product of Atoms.
type DimTerm struct {
	Factor int
	Atoms  []DimAtom
}

// DimAtom is a symbol or, where that is "", ⌊Num/Den⌋.
type DimAtom struct {
	Symbol   string
	Num, Den Dim
}

// Terms takes d apart: it is constant plus the sum of terms.
func (d Dim) Terms() (constant int, terms []DimTerm) {
	for _, t := range d.terms {
		out := DimTerm{Factor: t.factor}
		for _, a := range t.atoms {
			if a.num == nil {
				out.Atoms = append(out.Atoms, DimAtom{Symbol: a.symbol})
			} else {
				out.Atoms = append(out.Atoms, DimAtom{Num: *a.num, Den: *a.den})
			}
		}
		terms = append(terms, out)
	}
	return d.constant, terms
}
