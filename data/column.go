package data

// ColumnType is what the cells of a column are.
type ColumnType string

// The column types.
const (
	Number     ColumnType = "number"
	Category   ColumnType = "category"
	Date       ColumnType = "date"
	FreeText   ColumnType = "text"
	Identifier ColumnType = "identifier" // a different value in (nearly) every row
	Constant   ColumnType = "constant"   // the same value in every row
)

// Role is what a column is used for.
type Role string

// The roles of columns.
const (
	RoleFeature Role = "feature"
	RoleTarget  Role = "target"
	RoleGroup   Role = "group"   // rows with the same value stay in the same part
	RoleSplit   Role = "split"   // names the part of each row
	RoleIgnored Role = "ignored" // identifiers and constants
)

// Column describes one column of a table.
type Column struct {
	Name     string     `json:"name"`
	Type     ColumnType `json:"type"`
	Role     Role       `json:"role"`
	Levels   []string   `json:"levels,omitempty"` // categories, most frequent first; at most maxLevels of them
	Missing  int        `json:"missing"`
	Distinct int        `json:"distinct"`
	Min      float64    `json:"min,omitempty"` // numbers
	Max      float64    `json:"max,omitempty"`
	Mean     float64    `json:"mean,omitempty"`
	Std      float64    `json:"std,omitempty"`
	Example  string     `json:"example,omitempty"` // a typical cell as it was written
	Why      string     `json:"why"`               // how type and role were decided, for people
}

// Series is the cells of one column by row.
type Series struct {
	Column
	Floats  []float32 // Number: NaN is missing; nil for the other types
	Strings []string  // the other types: "" is missing; nil for Number
}

// Len returns the number of rows.
func (s *Series) Len() int { return max(len(s.Floats), len(s.Strings)) }

// Table is a dataset by columns.
type Table struct {
	Rows    int
	Columns []*Series // the features, in source order
	Others  []*Series // target, group, split and ignored columns, for showing
}

// Column returns the feature called name, or nil.
func (t *Table) Column(name string) *Series {
	for _, s := range t.Columns {
		if s.Name == name {
			return s
		}
	}
	return nil
}
