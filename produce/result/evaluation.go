package result

// Confusion counts predictions: Counts[t][p] samples of class t were called p.
type Confusion struct {
	Classes []string `json:"classes"`
	Counts  [][]int  `json:"counts"`
}

// ClassScore is how one class does.
type ClassScore struct {
	Class     string  `json:"class"`
	Samples   int     `json:"samples"`
	Precision float64 `json:"precision"` // 0 when the class was never predicted
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Bin is one bin of a calibration diagram: of Count predictions that were on
// average Confidence sure, the share Accuracy was right.
type Bin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Count      int     `json:"count"`
	Confidence float64 `json:"confidence"`
	Accuracy   float64 `json:"accuracy"`
}

// Residuals describes the errors of a regression.
type Residuals struct {
	Truth     []float64   `json:"truth"`     // a sample of at most 500 points for a scatter plot
	Predicted []float64   `json:"predicted"` // as long as Truth
	Histogram []Histogram `json:"histogram"` // of predicted minus truth, over all samples
	Bias      float64     `json:"bias"`      // mean of predicted minus truth
}

// Histogram is one bar.
type Histogram struct {
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Count int     `json:"count"`
}

// Mistake is a sample that the model gets wrong, or most wrong.
type Mistake struct {
	Sample     int     `json:"sample"`         // index in the dataset version
	Path       string  `json:"path,omitempty"` // of the file, or "row 17"
	Truth      string  `json:"truth"`
	Predicted  string  `json:"predicted"`
	Confidence float64 `json:"confidence,omitempty"` // classification: of the wrong class
	Error      float64 `json:"error,omitempty"`      // regression: predicted minus truth
	Content    Content `json:"content"`
}

// Content shows a sample: one of the fields is set.
type Content struct {
	Image []byte `json:"image,omitempty"` // a small PNG
	Text  string `json:"text,omitempty"`  // the beginning
	Row   []Cell `json:"row,omitempty"`   // at most 12 cells
}

// Cell is one value of a table's row.
type Cell struct {
	Column string `json:"column"`
	Value  string `json:"value"`
}
