package toolbox

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Config is one point of a Space: a value of each hyper-parameter by name.
// Values are float64, int, string or bool; JSON's numbers are accepted for ints.
type Config map[string]any

// Float returns the number under name; it panics when there is none, which is
// a mistake of the recipe.
func (c Config) Float(name string) float64 {
	switch v := c[name].(type) {
	case float64:
		return v
	case int:
		return float64(v)
	}
	panic(fmt.Sprintf("toolbox: hyper-parameter %q is %T, not a number", name, c[name]))
}

// Int returns the integer under name.
func (c Config) Int(name string) int { return int(math.Round(c.Float(name))) }

// String returns the choice under name.
func (c Config) String(name string) string {
	s, ok := c[name].(string)
	if !ok {
		panic(fmt.Sprintf("toolbox: hyper-parameter %q is %T, not a string", name, c[name]))
	}
	return s
}

// Bool returns the switch under name.
func (c Config) Bool(name string) bool {
	b, ok := c[name].(bool)
	if !ok {
		panic(fmt.Sprintf("toolbox: hyper-parameter %q is %T, not a bool", name, c[name]))
	}
	return b
}

// Param is one hyper-parameter: a range of numbers or a list of choices.
type Param struct {
	Name    string
	Low     float64 // with Choices nil: the range, both ends included
	High    float64
	Log     bool  // sample the logarithm uniformly; Low must be positive
	Integer bool  // round to a whole number
	Choices []any // instead of a range
	Default any
}

// Space is the hyper-parameters of a recipe, in order.
type Space []Param

// Fill returns c with the defaults of what it leaves out.
func (s Space) Fill(c Config) Config {
	out := Config{}
	for _, p := range s {
		if v, ok := c[p.Name]; ok {
			out[p.Name] = v
		} else {
			out[p.Name] = p.Default
		}
	}
	return out
}

// Sample draws a configuration.
func (s Space) Sample(r *rand.Rand) Config {
	out := Config{}
	for _, p := range s {
		out[p.Name] = p.draw(r)
	}
	return out
}

// Perturb returns c with each hyper-parameter redrawn with probability rate, or
// moved by a tenth of its range.
func (s Space) Perturb(r *rand.Rand, c Config, rate float64) Config {
	out := s.Fill(c)
	for _, p := range s {
		switch {
		case r.Float64() < rate:
			out[p.Name] = p.draw(r)
		case p.Choices == nil && r.Float64() < 0.5:
			out[p.Name] = p.at(p.share(out.Float(p.Name)) + 0.1*r.NormFloat64())
		}
	}
	return out
}

func (p Param) draw(r *rand.Rand) any {
	if p.Choices != nil {
		return p.Choices[r.IntN(len(p.Choices))]
	}
	return p.at(r.Float64())
}

// at maps 0..1 to the range; share is its inverse.
func (p Param) at(u float64) any {
	u = min(max(u, 0), 1)
	v := p.Low + u*(p.High-p.Low)
	if p.Log {
		v = math.Exp(math.Log(p.Low) + u*(math.Log(p.High)-math.Log(p.Low)))
	}
	if p.Integer {
		return int(math.Round(v))
	}
	return v
}

func (p Param) share(v float64) float64 {
	if p.Log {
		return (math.Log(v) - math.Log(p.Low)) / (math.Log(p.High) - math.Log(p.Low))
	}
	return (v - p.Low) / (p.High - p.Low)
}
