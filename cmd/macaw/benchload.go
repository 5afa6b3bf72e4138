package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// cpuTime is how long cores worked since the machine and some processes
// began, in the system's ticks.
type cpuTime struct {
	all  int64 // of every core, by anybody, stolen by other virtual machines included
	ours int64 // of the processes that were asked for
	wall int64 // of every core, idle included
}

// readCPUTime reads what the kernel counts; false where there is no /proc.
func readCPUTime(pids ...int) (cpuTime, bool) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return cpuTime{}, false
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	var t cpuTime
	for i, field := range strings.Fields(line)[1:] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil || i > 7 { // the rest is counted twice
			break
		}
		t.wall += n
		if i != 3 && i != 4 { // idle, waiting for disks
			t.all += n
		}
	}
	for _, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return cpuTime{}, false
		}
		// The name in parentheses may hold spaces.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, i := range []int{11, 12} { // user and system time
			n, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				return cpuTime{}, false
			}
			t.ours += n
		}
	}
	return t, true
}

// othersSince is the share of all cores that other processes took.
func (t cpuTime) othersSince(begin cpuTime) float64 {
	return max(0, float64(t.all-begin.all-(t.ours-begin.ours))/float64(max(1, t.wall-begin.wall)))
}
