package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Dim is the length of one axis: a constant, or an expression over named
// symbols (such as a batch size "N") whose values Run learns from its inputs.
// Expressions are kept as sums of products of symbols and floor divisions, so
// that equal formulas compare equal in the cases that models produce. The zero
// value is the constant 0.
type Dim struct {
	constant int    // added to terms
	terms    []term // sorted by key, no zero factors
}

// term is factor·Π atoms.
type term struct {
	factor int
	atoms  []atom // sorted by key, at least one
	key    string
}

// atom is a symbol, or floor(num/den).
type atom struct {
	symbol   string
	num, den *Dim
	key      string
}

// Const returns the constant n as a Dim.
func Const(n int) Dim { return Dim{constant: n} }

// Symbol returns the named symbolic dimension. Symbols of one name are equal
// within a program.
func Symbol(name string) Dim {
	if name == "" {
		Fail("Symbol", nil, "a symbolic dimension needs a name")
	}
	return ofAtom(atom{symbol: name, key: name})
}

func ofAtom(a atom) Dim {
	return Dim{terms: []term{{factor: 1, atoms: []atom{a}, key: a.key}}}
}

// Known returns the value of a constant dimension.
func (d Dim) Known() (n int, ok bool) { return d.constant, len(d.terms) == 0 }

// Name returns the symbol when d is a single symbol and nothing else.
func (d Dim) Name() (symbol string, ok bool) {
	if d.constant == 0 && len(d.terms) == 1 && d.terms[0].factor == 1 && len(d.terms[0].atoms) == 1 {
		symbol = d.terms[0].atoms[0].symbol
	}
	return symbol, symbol != ""
}

// Is reports whether d is the constant n.
func (d Dim) Is(n int) bool { return len(d.terms) == 0 && d.constant == n }

// Equal reports whether d and e have the same normal form.
func (d Dim) Equal(e Dim) bool {
	return d.constant == e.constant && slices.EqualFunc(d.terms, e.terms, func(a, b term) bool {
		return a.factor == b.factor && a.key == b.key
	})
}

// Add returns d + e.
func (d Dim) Add(e Dim) Dim {
	sum := Dim{constant: d.constant + e.constant}
	i, j := 0, 0
	for i < len(d.terms) || j < len(e.terms) {
		switch {
		case j == len(e.terms) || i < len(d.terms) && d.terms[i].key < e.terms[j].key:
			sum.terms = append(sum.terms, d.terms[i])
			i++
		case i == len(d.terms) || e.terms[j].key < d.terms[i].key:
			sum.terms = append(sum.terms, e.terms[j])
			j++
		default:
			t := d.terms[i]
			if t.factor += e.terms[j].factor; t.factor != 0 {
				sum.terms = append(sum.terms, t)
			}
			i, j = i+1, j+1
		}
	}
	return sum
}

// AddInt returns d + n.
func (d Dim) AddInt(n int) Dim { return Dim{constant: d.constant + n, terms: d.terms} }

// Sub returns d - e.
func (d Dim) Sub(e Dim) Dim { return d.Add(e.MulInt(-1)) }

// MulInt returns d·n.
func (d Dim) MulInt(n int) Dim {
	if n == 0 {
		return Dim{}
	}
	p := Dim{constant: d.constant * n, terms: slices.Clone(d.terms)}
	for i := range p.terms {
		p.terms[i].factor *= n
	}
	return p
}

// Mul returns d·e.
func (d Dim) Mul(e Dim) Dim {
	product := d.MulInt(e.constant)
	for _, t := range e.terms {
		product = product.Add(d.mulTerm(t))
	}
	return product
}

func (d Dim) mulTerm(t term) Dim {
	var product Dim
	if d.constant != 0 {
		scaled := t
		scaled.factor *= d.constant
		product.terms = []term{scaled}
	}
	for _, own := range d.terms {
		atoms := slices.Concat(own.atoms, t.atoms)
		product = product.Add(Dim{terms: []term{newTerm(own.factor*t.factor, atoms)}})
	}
	return product
}

func newTerm(factor int, atoms []atom) term {
	slices.SortFunc(atoms, func(a, b atom) int { return strings.Compare(a.key, b.key) })
	keys := make([]string, len(atoms))
	for i, a := range atoms {
		keys[i] = a.key
	}
	return term{factor: factor, atoms: atoms, key: strings.Join(keys, "*")}
}

// Div returns floor(d/e) and panics when e is the constant 0. What divides
// without rest is taken out, so that (N·4)/4 is N again.
func (d Dim) Div(e Dim) Dim {
	if e.Is(0) {
		Fail("Dim.Div", nil, "%v is divided by zero", d)
	}
	if e.Is(1) {
		return d
	}
	if d.Equal(e) {
		return Const(1)
	}
	whole, rest := d.divide(e)
	switch {
	case rest.Is(0):
		return whole
	case len(rest.terms) == 0 && len(e.terms) == 0:
		return whole.AddInt(floorDiv(rest.constant, e.constant))
	}
	return whole.Add(ofAtom(quotient(rest, e)))
}

// divide splits d into whole·e + rest, term by term; e has one term or is constant.
func (d Dim) divide(e Dim) (whole, rest Dim) {
	if len(e.terms) > 1 || len(e.terms) == 1 && e.constant != 0 {
		return Dim{}, d
	}
	if len(e.terms) == 0 {
		whole.constant = floorDiv(d.constant, e.constant)
		rest.constant = d.constant - whole.constant*e.constant
	} else {
		rest.constant = d.constant
	}
	for _, t := range d.terms {
		if q, ok := t.divide(e); ok {
			whole = whole.Add(q)
		} else {
			rest = rest.Add(Dim{terms: []term{t}})
		}
	}
	return whole, rest
}

// divide returns t/e when that is a whole formula.
func (t term) divide(e Dim) (Dim, bool) {
	factor, atoms := e.constant, []atom(nil)
	if len(e.terms) == 1 {
		factor, atoms = e.terms[0].factor, e.terms[0].atoms
	}
	if t.factor%factor != 0 {
		return Dim{}, false
	}
	left := slices.Clone(t.atoms)
	for _, a := range atoms {
		i := slices.IndexFunc(left, func(b atom) bool { return a.key == b.key })
		if i < 0 {
			return Dim{}, false
		}
		left = slices.Delete(left, i, i+1)
	}
	if len(left) == 0 {
		return Const(t.factor / factor), true
	}
	return Dim{terms: []term{newTerm(t.factor/factor, left)}}, true
}

// quotient is floor(num/den) as an atom; nested constant divisions merge.
func quotient(num, den Dim) atom {
	if n, ok := den.Known(); ok && n > 0 && num.constant == 0 && len(num.terms) == 1 && num.terms[0].factor == 1 && len(num.terms[0].atoms) == 1 {
		if in := num.terms[0].atoms[0]; in.num != nil {
			if m, ok := in.den.Known(); ok && m > 0 {
				return quotient(*in.num, Const(m*n))
			}
		}
	}
	return atom{num: &num, den: &den, key: "floor((" + num.String() + ")/(" + den.String() + "))"}
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// Eval computes d with the given symbols; the error names an unknown one.
func (d Dim) Eval(symbols map[string]int) (int, error) {
	n := d.constant
	for _, t := range d.terms {
		product := t.factor
		for _, a := range t.atoms {
			v, err := a.eval(symbols)
			if err != nil {
				return 0, err
			}
			product *= v
		}
		n += product
	}
	return n, nil
}

func (a atom) eval(symbols map[string]int) (int, error) {
	if a.num == nil {
		v, ok := symbols[a.symbol]
		if !ok {
			return 0, fmt.Errorf("dimension %q is not given by any input", a.symbol)
		}
		return v, nil
	}
	num, err := a.num.Eval(symbols)
	if err != nil {
		return 0, err
	}
	den, err := a.den.Eval(symbols)
	if err != nil {
		return 0, err
	}
	if den == 0 {
		return 0, fmt.Errorf("dimension %s divides by zero", a.key)
	}
	return floorDiv(num, den), nil
}

// String writes the formula, such as "32", "N" or "2*N+1".
func (d Dim) String() string {
	if len(d.terms) == 0 {
		return strconv.Itoa(d.constant)
	}
	var b strings.Builder
	for i, t := range d.terms {
		switch {
		case t.factor == -1:
			b.WriteByte('-')
		case i > 0 && t.factor > 0:
			b.WriteByte('+')
		}
		if t.factor != 1 && t.factor != -1 {
			fmt.Fprintf(&b, "%d*", t.factor)
		}
		b.WriteString(t.key)
	}
	if d.constant != 0 {
		fmt.Fprintf(&b, "%+d", d.constant)
	}
	return b.String()
}
