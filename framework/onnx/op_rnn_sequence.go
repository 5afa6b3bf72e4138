package onnx

// sequences is one run of a recurrent operator.
type sequences[T float32 | float64] struct {
	recurrent
	steps, batch, width, hidden int
	x, w, r, bias, h0, c0, peep []T // bias, states and peepholes are nil when left out
	y, h, c                     []T
	lengths                     []int
}

// cell is one direction's parameters and one sequence's state.
type cell[T float32 | float64] struct {
	recurrent
	acts       []activation
	n          int // units
	r, wb, rb  []T
	peep       []T
	h, c, next []T
	x          []T // X·Wᵀ, [G·H]
}

// run takes sequence b through direction d.
func (s *sequences[T]) run(d, b int) {
	n, rows := s.hidden, s.gates*s.hidden
	at := (d*s.batch + b) * n
	if s.batchFirst {
		at = (b*len(s.reversed) + d) * n
	}
	k := &cell[T]{recurrent: s.recurrent, acts: s.acts[d], n: n, r: s.r[d*rows*n:][:rows*n], h: s.h[at : at+n], c: s.c[at : at+n],
		next: make([]T, n), x: make([]T, rows), wb: make([]T, rows), rb: make([]T, rows), peep: make([]T, 3*n)}
	if s.bias != nil {
		k.wb, k.rb = s.bias[2*d*rows:][:rows], s.bias[(2*d+1)*rows:][:rows]
	}
	if s.peep != nil {
		k.peep = s.peep[3*d*n:][:3*n]
	}
	if s.h0 != nil {
		copy(k.h, s.h0[at:])
	}
	if s.c0 != nil {
		copy(k.c, s.c0[at:])
	}
	w := s.w[d*rows*s.width:][:rows*s.width]
	for i := range s.lengths[b] {
		t := i
		if s.reversed[d] {
			t = s.lengths[b] - 1 - i
		}
		from, to := t*s.batch+b, ((t*len(s.reversed)+d)*s.batch+b)*n
		if s.batchFirst {
			from, to = b*s.steps+t, ((b*s.steps+t)*len(s.reversed)+d)*n
		}
		x := s.x[from*s.width:][:s.width]
		for j := range k.x {
			k.x[j] = k.wb[j] + dot(w[j*s.width:][:s.width], x)
		}
		switch s.op {
		case "RNN":
			k.rnn()
		case "GRU":
			k.gru()
		case "LSTM":
			k.lstm()
		}
		copy(s.y[to:to+n], k.h)
	}
}

func dot[T float32 | float64](a, b []T) (sum T) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// recur is row j of h·Rᵀ plus its bias.
func (k *cell[T]) recur(j int, h []T) T { return k.rb[j] + dot(k.r[j*k.n:][:k.n], h) }

// act applies activation a to v, which clip bounds.
func (k *cell[T]) act(a int, v T) T {
	x := float64(v)
	if k.clip > 0 {
		x = clampF(x, -k.clip, k.clip)
	}
	return T(k.acts[a](x))
}

// rnn is h = f(x·Wᵀ + h·Rᵀ + b).
func (k *cell[T]) rnn() {
	for j := range k.next {
		k.next[j] = k.act(0, k.x[j]+k.recur(j, k.h))
	}
	copy(k.h, k.next)
}

// gru is, with the gates z, r and h in this order,
//
//	z = f(x·Wzᵀ + h·Rzᵀ + bz), r = f(x·Wrᵀ + h·Rrᵀ + br),
//	n = g(x·Whᵀ + (r⊙h)·Rhᵀ + bh), or g(x·Whᵀ + wbh + r⊙(h·Rhᵀ + rbh)) with linear_before_reset,
//	h = (1-z)⊙n + z⊙h.
func (k *cell[T]) gru() {
	n := k.n
	reset := make([]T, n)
	for j := range reset {
		reset[j] = k.act(0, k.x[n+j]+k.recur(n+j, k.h))
		if !k.before {
			reset[j] *= k.h[j]
		}
	}
	for j := range k.next {
		z := k.act(0, k.x[j]+k.recur(j, k.h))
		v := k.x[2*n+j]
		if k.before {
			v += reset[j] * k.recur(2*n+j, k.h)
		} else {
			v += k.recur(2*n+j, reset)
		}
		k.next[j] = (1-z)*k.act(1, v) + z*k.h[j]
	}
	copy(k.h, k.next)
}

// lstm is, with the gates i, o, f and c in this order and peepholes pi, po, pf,
//
//	i = f(x·Wiᵀ + h·Riᵀ + pi⊙c + bi), f = f(x·Wfᵀ + h·Rfᵀ + pf⊙c + bf), or 1-i with input_forget,
//	c = f⊙c + i⊙g(x·Wcᵀ + h·Rcᵀ + bc), o = f(x·Woᵀ + h·Roᵀ + po⊙c + bo), h = o⊙h(c).
func (k *cell[T]) lstm() {
	n := k.n
	for j := range k.next {
		gate := func(g int, c, peep T) T { return k.x[g*n+j] + k.recur(g*n+j, k.h) + c*peep }
		in := k.act(0, gate(0, k.c[j], k.peep[j]))
		forget := 1 - in
		if !k.coupled {
			forget = k.act(0, gate(2, k.c[j], k.peep[2*n+j]))
		}
		k.c[j] = forget*k.c[j] + in*k.act(1, gate(3, 0, 0))
		k.next[j] = k.act(0, gate(1, k.c[j], k.peep[n+j])) * T(k.acts[2](float64(k.c[j])))
	}
	copy(k.h, k.next)
}
