#include "histogram.h"

#include <math.h>

// Values below 2048 have a bucket each. Above, each doubling has 1024 buckets of the same width.
enum { kHalf = 1024, kHalfBits = 10, kDoublings = 26 };
static const uint64_t kLongest = 60000000000;

static uint64_t counts[(kDoublings + 2) * kHalf];
static uint64_t total;
static uint64_t longest;

static int bucketOf(uint64_t value) {
  if (value < 2 * kHalf) return (int)value;
  int shift = 63 - __builtin_clzll(value) - kHalfBits;
  return shift * kHalf + (int)(value >> shift);
}

static uint64_t highestIn(int bucket) {
  if (bucket < 2 * kHalf) return (uint64_t)bucket;
  int shift = bucket / kHalf - 1;
  uint64_t lowest = (uint64_t)(bucket - shift * kHalf) << shift;
  return lowest + ((uint64_t)1 << shift) - 1;
}

void histogramRecord(uint64_t nanoseconds) {
  uint64_t value = nanoseconds < kLongest ? nanoseconds : kLongest;
  counts[bucketOf(value)]++;
  total++;
  if (value > longest) longest = value;
}

uint64_t histogramAt(double percentile) {
  uint64_t wanted = (uint64_t)ceil(percentile / 100 * (double)total);
  uint64_t passed = 0;
  int last = bucketOf(longest);
  for (int bucket = 0; bucket <= last; bucket++) {
    passed += counts[bucket];
    if (passed > 0 && passed >= wanted) return highestIn(bucket);
  }
  return 0;
}

uint64_t histogramMax(void) { return longest; }
