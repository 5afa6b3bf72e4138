package data

import (
	"fmt"
	"slices"
)

// tinyClass is the number of samples below which a class is called tiny.
const tinyClass = 10

// imbalance is the ratio of the largest to the smallest class from which classes
// are called unbalanced.
const imbalance = 10

// auditClasses reports tiny and unbalanced classes, and classes that a part lacks.
func (d *draft) auditClasses() {
	if d.m.Regression() {
		return
	}
	var tiny []string
	for c, n := range d.m.Counts {
		if n < tinyClass {
			tiny = append(tiny, fmt.Sprintf("%s (%d)", d.m.Classes[c], n))
		}
	}
	if len(tiny) > 0 {
		d.find(Finding{Code: "tiny-classes", Severity: Warning, Count: len(tiny), Samples: firstOf(tiny),
			Message: fmt.Sprintf("%s fewer than %d samples: %s.", counted(len(tiny), "class has", "classes have"), tinyClass, someOf(tiny, 5))})
	}
	most, least := slices.Max(d.m.Counts), slices.Min(d.m.Counts)
	if most >= imbalance*least {
		d.find(Finding{Code: "imbalance", Severity: Warning,
			Message: fmt.Sprintf("The classes are unbalanced: %q has %d samples and %q has %d.",
				d.m.Classes[slices.Index(d.m.Counts, most)], most, d.m.Classes[slices.Index(d.m.Counts, least)], least)})
	}
	d.auditParts()
}

// auditParts reports classes without training or test samples.
func (d *draft) auditParts() {
	counts := make([][partCount]int, len(d.m.Classes))
	for i := range d.samples {
		counts[d.samples[i].Label][d.samples[i].Part]++
	}
	for _, p := range []Part{Train, Test} {
		var lacking []string
		for c := range counts {
			if counts[c][p] == 0 {
				lacking = append(lacking, d.m.Classes[c])
			}
		}
		if len(lacking) == 0 {
			continue
		}
		severity := Warning
		if p == Train {
			severity = Serious
		}
		d.find(Finding{Code: "no-" + p.String() + "-samples", Severity: severity, Count: len(lacking), Samples: firstOf(lacking),
			Message: fmt.Sprintf("%s no samples in the %s part: %s.", counted(len(lacking), "class has", "classes have"), p, someOf(lacking, 5))})
	}
}
