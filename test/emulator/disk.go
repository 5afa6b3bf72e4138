package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// memoryDisk writes the archive from which Linux fills its memory disk: this
// very program as /init, the program to run and the job.
func memoryDisk(path, program string, j job) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	init, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	order, err := json.Marshal(j)
	if err != nil {
		return err
	}
	var disk bytes.Buffer
	entry(&disk, "dev", 0o040755, 0, nil)
	entry(&disk, "dev/console", 0o020600, 5<<8|1, nil)
	entry(&disk, "init", 0o100755, 0, init)
	entry(&disk, "program", 0o100755, 0, text)
	entry(&disk, "job", 0o100644, 0, order)
	entry(&disk, "TRAILER!!!", 0, 0, nil)
	return os.WriteFile(path, disk.Bytes(), 0o644)
}

// entry appends a file in the "newc" format: a header of hexadecimal numbers,
// the name and the contents, each filled up to four bytes. device holds the
// major number above the lowest byte, the minor number in it.
// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
func entry(disk *bytes.Buffer, name string, mode, device int, contents []byte) {
	align := func() {
		for disk.Len()%4 != 0 {
			disk.WriteByte(0)
		}
	}
	fmt.Fprintf(disk, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, mode, 0, 0, 1, 0, len(contents), 0, 0, device>>8, device&255, len(name)+1, 0)
	disk.WriteString(name + "\x00")
	align()
	disk.Write(contents)
	align()
}

// image makes a bootable CD of the kernel and the memory disk in dir.
func image(dir, kernel string) (string, error) {
	root := filepath.Join(dir, "cd")
	const parameters = "console=ttyS0,115200 quiet nokaslr clearcpuid=321,323,515,516 lsm= idle=halt mitigations=off random.trust_cpu=on rdinit=/init panic=-1"
	config := "default linux\nprompt 0\ntimeout 0\nlabel linux\n kernel /vmlinuz\n append initrd=/disk " + parameters + "\n"
	if err := os.WriteFile(filepath.Join(root, "isolinux.cfg"), []byte(config), 0o644); err != nil {
		return "", err
	}
	for to, from := range map[string]string{"vmlinuz": kernel, "isolinux.bin": "/usr/lib/ISOLINUX/isolinux.bin", "ldlinux.c32": "/usr/lib/syslinux/modules/bios/ldlinux.c32"} {
		text, err := os.ReadFile(from)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(root, to), text, 0o644); err != nil {
			return "", err
		}
	}
	cd := filepath.Join(dir, "cd.iso")
	out, err := exec.Command("xorriso", "-as", "mkisofs", "-quiet", "-b", "isolinux.bin", "-c", "boot.cat", "-no-emul-boot",
		"-boot-load-size", "4", "-boot-info-table", "-o", cd, root).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("xorriso: %w\n%s", err, out)
	}
	return cd, nil
}
