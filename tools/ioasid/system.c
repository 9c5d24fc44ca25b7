// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioasidctl system: the PASID space, and why it is absent or small.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "ioasidctl.h"
#include "node.h"

/* PCIe: PASIDs are 20 bits at most. */
#define MAX_BITS	20

/* What limits the use of PASIDs here, and what can be done. */
struct finding {
	const char *code;	/* stable, for programs */
	char *text;
	const char *remedy;
};

struct report {
	struct ioasid_query_system numbers;
	struct facts facts;
	struct finding *findings;
	unsigned int nr_findings;
};

static __printf(4, 5)
void find(struct report *report, const char *code, const char *remedy,
	  const char *format, ...)
{
	struct finding *finding;
	va_list args;

	report->findings = realloc(report->findings,
				   (report->nr_findings + 1) * sizeof(*finding));
	if (!report->findings)
		fail(STATUS_FAILED, "no memory for a finding");
	finding = &report->findings[report->nr_findings];
	va_start(args, format);
	if (vasprintf(&finding->text, format, args) < 0)
		fail(STATUS_FAILED, "no memory for a finding");
	va_end(args);
	finding->code = code;
	finding->remedy = remedy;
	report->nr_findings++;
}

/* -------- no capacity -------- */

static void explain_no_iommu(struct report *report)
{
	static const char *const switches[] = { "iommu", "intel_iommu", "amd_iommu" };
	const struct facts *facts = &report->facts;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(switches); i++) {
		if (!facts_cmdline_has(facts, switches[i], "off"))
			continue;
		find(report, "iommu-off",
		     "Take it from the kernel's command line and boot again.",
		     "The kernel was told not to use an IOMMU: %s=off.", switches[i]);
		return;
	}
	if (facts->guest)
		find(report, "no-iommu",
		     "Give the VM one, with QEMU 11 or later: -device intel-iommu,scalable-mode=on,pasid-bits=20 and, in the VM, intel_iommu=on,sm_on."
		    , "This VM has no IOMMU at work.");
	else
		find(report, "no-iommu",
		     "Switch on VT-d, AMD-Vi or the SMMU in the firmware's setup; with Intel, boot with intel_iommu=on,sm_on."
		    , "No IOMMU is at work.");
}

static const char *remedy_for_width(const struct facts *facts)
{
	if (facts->guest)
		return "Use QEMU 11 or later, -device intel-iommu,scalable-mode=on,pasid-bits=20.";
	return "This IOMMU cannot; a firmware setting may hide it.";
}

static void explain_intel(struct report *report, const struct iommu *iommu)
{
	const struct facts *facts = &report->facts;

	if (!iommu->scalable)
		find(report, "no-scalable-mode", remedy_for_width(facts),
		     "%s has no scalable mode, without which VT-d has no PASIDs.",
		     iommu->name);
	else if (!iommu->bits)
		find(report, "no-pasid-width", remedy_for_width(facts),
		     "%s reports no PASIDs, though it can do scalable mode.", iommu->name);
	else if (facts_cmdline_has(facts, "intel_iommu", "sm_off"))
		find(report, "scalable-mode-off",
		     "Take sm_off from the kernel's command line and boot again.",
		     "%s can do %d bits, but intel_iommu=sm_off keeps it out of scalable mode.",
		     iommu->name, iommu->bits);
	else
		find(report, "scalable-mode-off",
		     "Boot with intel_iommu=on,sm_on.",
		     "%s can do %d bits, but is not in scalable mode.", iommu->name,
		     iommu->bits);
}

static void explain_iommu(struct report *report, const struct iommu *iommu)
{
	if (iommu->kind == IOMMU_INTEL)
		explain_intel(report, iommu);
	else if (!iommu->bits)
		find(report, "no-pasid-width", remedy_for_width(&report->facts),
		     "%s reports no PASIDs.", iommu->name);
	else if (iommu->bits > 0)
		find(report, "not-installed",
		     "See what the kernel's log says about the IOMMU.",
		     "%s can do %d bits, but its driver has not said so.", iommu->name,
		     iommu->bits);
	else
		find(report, "not-reported",
		     "If it can, it is a matter of its firmware description or its driver; see the kernel's log."
		    , "%s, or its driver, has reported no PASIDs.", iommu->name);
}

static void explain_absence(struct report *report)
{
	const struct facts *facts = &report->facts;
	unsigned int i;

	if (!facts->nr_iommus)
		explain_no_iommu(report);
	for (i = 0; i < facts->nr_iommus; i++)
		explain_iommu(report, &facts->iommus[i]);
	find(report, "experiments", "Boot with ioasid.capacity=1048576.",
	     "Experiments can do without: PASIDs can be allocated though no IOMMU has any.");
}

/* -------- less than there might be -------- */

static int bits_of(__u32 capacity)
{
	int bits = 0;

	while (bits < 31 && 1U << bits < capacity)
		bits++;
	return bits;
}

static void explain_smallness(struct report *report)
{
	const struct facts *facts = &report->facts;
	__u32 capacity = report->numbers.capacity;
	unsigned int i, narrow = 0;
	int bits = bits_of(capacity);

	for (i = 0; i < facts->nr_iommus; i++)
		narrow += facts->iommus[i].bits == bits;
	if (facts->cap == capacity && bits < MAX_BITS && !narrow)
		find(report, "boot-cap",
		     "To have more, raise ioasid.capacity on the kernel's command line or take it from there.",
		     "ioasid.capacity=%u on the kernel's command line caps the space.",
		     facts->cap);
	for (i = 0; i < facts->nr_iommus; i++) {
		const struct iommu *iommu = &facts->iommus[i];

		/* Some drivers keep the highest number for themselves. */
		if (iommu->bits != bits || bits >= MAX_BITS)
			continue;
		find(report, "narrow-iommu",
		     facts->guest ?
		     "With QEMU 11 or later, give -device intel-iommu the property pasid-bits=20." :
		     "The narrowest IOMMU decides for the system; there is no remedy but another one.",
		     "%s can do %d of the %d bits that PCIe has.", iommu->name,
		     iommu->bits, MAX_BITS);
	}
}

static void explain_devices(struct report *report)
{
	const struct facts *facts = &report->facts;
	unsigned int i;

	if (facts->blind) {
		find(report, "not-allowed", "Try as root.",
		     "What the devices can do is not for this user to see.");
		return;
	}
	if (!facts->nr_devices) {
		find(report, "no-device",
		     facts->guest ?
		     "Pass a device through whose PASID capability the VMM shows to the VM." :
		     "Sharing by PASID takes a device with it; see the setup of the device's firmware and driver.",
		     "None of %u PCI functions has the PASID capability: PASIDs can be allocated, but no device here uses them by itself.",
		     facts->nr_functions);
		return;
	}
	for (i = 0; i < facts->nr_devices; i++) {
		const struct device *device = &facts->devices[i];

		if (device->bits >= bits_of(report->numbers.capacity))
			continue;
		find(report, "narrow-device",
		     "Allocate PASIDs for it with a highest number that it can do, or boot with ioasid.local= to have low numbers for each device.",
		     "%s can do %d bits: no PASID above %u.", device->address,
		     device->bits, (1U << device->bits) - 1);
	}
}

/* -------- show it -------- */

static struct json_object *iommus_to_json(const struct facts *facts)
{
	static const char *const kinds[] = {
		[IOMMU_INTEL] = "intel",
		[IOMMU_AMD] = "amd",
		[IOMMU_SMMU] = "smmu",
		[IOMMU_OTHER] = "other",
	};
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < facts->nr_iommus; i++) {
		struct json_object *iommu = json_object_new_object();

		json_add_string(iommu, "name", facts->iommus[i].name);
		json_add_string(iommu, "kind", kinds[facts->iommus[i].kind]);
		json_object_object_add(iommu, "pasid_bits", facts->iommus[i].bits < 0 ?
				       NULL : json_object_new_int(facts->iommus[i].bits));
		json_object_array_add(array, iommu);
	}
	return array;
}

static struct json_object *devices_to_json(const struct facts *facts)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < facts->nr_devices; i++) {
		struct json_object *device = json_object_new_object();

		json_add_string(device, "address", facts->devices[i].address);
		json_add_string(device, "driver", facts->devices[i].driver);
		json_add_number(device, "pasid_bits", facts->devices[i].bits);
		json_object_array_add(array, device);
	}
	return array;
}

static struct json_object *findings_to_json(const struct report *report)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < report->nr_findings; i++) {
		struct json_object *finding = json_object_new_object();

		json_add_string(finding, "code", report->findings[i].code);
		json_add_string(finding, "text", report->findings[i].text);
		json_add_string(finding, "remedy", report->findings[i].remedy);
		json_object_array_add(array, finding);
	}
	return array;
}

static struct json_object *report_to_json(const struct report *report)
{
	const struct ioasid_query_system *numbers = &report->numbers;
	struct json_object *object = json_object_new_object();

	json_add_number(object, "capacity", numbers->capacity);
	json_add_number(object, "shared_min", numbers->shared_min);
	json_add_number(object, "used", numbers->used);
	json_add_number(object, "reserved", numbers->reserved);
	json_add_number(object, "free", numbers->free);
	json_object_object_add(object, "iommus", iommus_to_json(&report->facts));
	json_object_object_add(object, "devices", devices_to_json(&report->facts));
	json_object_object_add(object, "findings", findings_to_json(report));
	return object;
}

static void print_width(int bits)
{
	if (bits > 0)
		printf(" %d bits\n", bits);
	else
		puts(bits ? " unknown" : " no PASIDs");
}

static void print_numbers(const struct ioasid_query_system *numbers)
{
	if (!numbers->capacity) {
		puts("capacity   0: this system has no PASIDs");
		return;
	}
	printf("capacity   %u (%d bits)\n", numbers->capacity, bits_of(numbers->capacity));
	if (numbers->shared_min > 1)
		printf("local      1 to %u, for each device\n", numbers->shared_min - 1);
	printf("used       %u\nreserved   %u\nfree       %u\n", numbers->used,
	       numbers->reserved, numbers->free);
}

static void print_report(const struct report *report)
{
	const struct facts *facts = &report->facts;
	unsigned int i;

	print_numbers(&report->numbers);
	for (i = 0; i < facts->nr_iommus; i++) {
		printf("IOMMU      %s", facts->iommus[i].name);
		print_width(facts->iommus[i].bits);
	}
	for (i = 0; i < facts->nr_devices; i++) {
		printf("device     %s %s", facts->devices[i].address,
		       facts->devices[i].driver ?: "(no driver)");
		print_width(facts->devices[i].bits);
	}
	for (i = 0; i < report->nr_findings; i++)
		printf("\n%s\n  %s\n", report->findings[i].text, report->findings[i].remedy);
}

/* Of another system there is what debugfs said there. */
static void read_numbers(struct ioasid_query_system *numbers)
{
	char *line;
	int n;

	if (!global.sysroot) {
		*numbers = (struct ioasid_query_system) { .argsz = sizeof(*numbers) };
		node_call(node_open(), IOASID_QUERY_SYSTEM, numbers, "numbers of the system");
		return;
	}
	line = facts_line("/sys/kernel/debug/ioasid/system");
	if (!line)
		fail(STATUS_NO_FEATURE,
		     "%s has no IOASID sets: there is no sys/kernel/debug/ioasid/system in it",
		     global.sysroot);
	n = sscanf(line, "capacity %u shared_min %u used %u reserved %u free %u",
		   &numbers->capacity, &numbers->shared_min, &numbers->used,
		   &numbers->reserved, &numbers->free);
	free(line);
	if (n != 5)
		fail(STATUS_FAILED, "%s: its sys/kernel/debug/ioasid/system makes no sense",
		     global.sysroot);
}

int command_system(int argc, char **argv)
{
	struct report report = {};
	unsigned int i;

	optind = 1;
	no_more_arguments(argc, argv);
	read_numbers(&report.numbers);
	facts_read(&report.facts);
	if (!report.numbers.capacity) {
		explain_absence(&report);
	} else {
		explain_smallness(&report);
		explain_devices(&report);
	}

	if (global.json)
		print_json(report_to_json(&report));
	else
		print_report(&report);
	for (i = 0; i < report.nr_findings; i++)
		free(report.findings[i].text);
	free(report.findings);
	facts_release(&report.facts);
	return STATUS_OK;
}
