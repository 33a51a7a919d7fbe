// How long things took: nanoseconds, of which three digits are kept, as an HdrHistogram does.
#pragma once

#include <stdint.h>

void histogramRecord(uint64_t nanoseconds);

// The highest value that counts as the same as the one that so many percent did not exceed.
uint64_t histogramAt(double percentile);

uint64_t histogramMax(void);
