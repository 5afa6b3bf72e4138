package result

// Data sums up the dataset version.
type Data struct {
	Name     string         `json:"name"` // NAME@VERSION
	Hash     string         `json:"hash"`
	Path     string         `json:"path"` // what the user gave
	Kind     string         `json:"kind"` // image, table, text
	Target   string         `json:"target,omitempty"`
	Count    int            `json:"count"`
	Parts    map[string]int `json:"parts"` // train, validation, test
	Split    string         `json:"split"` // how the parts were made, one sentence
	Classes  []ClassCount   `json:"classes,omitempty"`
	Columns  []Column       `json:"columns,omitempty"`
	Images   *Images        `json:"images,omitempty"`
	Findings []Finding      `json:"findings,omitempty"`
	Examples []Example      `json:"examples,omitempty"` // a few samples of each class
	Targets  []Histogram    `json:"targets,omitempty"`  // regression: distribution of the target
}

// ClassCount says how many samples of a class there are.
type ClassCount struct {
	Class string `json:"class"`
	Train int    `json:"train"`
	Val   int    `json:"validation"`
	Test  int    `json:"test"`
}

// Column sums up a column of a table.
type Column struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Role     string   `json:"role"`
	Why      string   `json:"why,omitempty"` // of the role
	Missing  int      `json:"missing"`
	Distinct int      `json:"distinct"`
	Min      *float64 `json:"min,omitempty"`
	Mean     *float64 `json:"mean,omitempty"`
	Max      *float64 `json:"max,omitempty"`
	Levels   []string `json:"levels,omitempty"` // the first few
}

// Images sums up image sizes in pixels.
type Images struct {
	Channels  int `json:"channels"`
	Width     int `json:"width"` // the most common size
	Height    int `json:"height"`
	MinWidth  int `json:"min_width"`
	MinHeight int `json:"min_height"`
	MaxWidth  int `json:"max_width"`
	MaxHeight int `json:"max_height"`
}

// Finding is something the audit found in the data.
type Finding struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// Example is one sample as the user would know it.
type Example struct {
	Sample  int     `json:"sample"`
	Label   string  `json:"label"`
	Content Content `json:"content"`
}
