package linear

// Rows is a design matrix in compressed sparse rows: row i has the entries
// Ptr[i] to Ptr[i+1] of Col (ascending) and Val.
type Rows struct {
	Ptr  []int
	Col  []int32
	Val  []float32
	Cols int
}

// Len returns the number of rows.
func (r *Rows) Len() int { return len(r.Ptr) - 1 }

// Row returns the columns and values of row i without copying.
func (r *Rows) Row(i int) ([]int32, []float32) {
	return r.Col[r.Ptr[i]:r.Ptr[i+1]], r.Val[r.Ptr[i]:r.Ptr[i+1]]
}

// Append adds a row.
func (r *Rows) Append(col []int32, val []float32) {
	if r.Ptr == nil {
		r.Ptr = []int{0}
	}
	r.Col = append(r.Col, col...)
	r.Val = append(r.Val, val...)
	r.Ptr = append(r.Ptr, len(r.Col))
}

// Dense makes Rows of n rows of cols values, row-major; zeros are left out.
func Dense(data []float32, cols int) *Rows {
	r := &Rows{Ptr: []int{0}, Cols: cols}
	for i := 0; i+cols <= len(data); i += cols {
		for j, v := range data[i : i+cols] {
			if v != 0 {
				r.Col = append(r.Col, int32(j))
				r.Val = append(r.Val, v)
			}
		}
		r.Ptr = append(r.Ptr, len(r.Col))
	}
	return r
}
