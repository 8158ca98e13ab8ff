#include "tessera/metrics/pair_count.h"

#include <algorithm>
#include <tuple>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr std::size_t kFirstSlots = 1024;  // a power of two, more than twice a usual frame's pairs

std::size_t hash_pair(std::uint32_t gt, std::uint32_t pred) {
  const std::uint64_t key = static_cast<std::uint64_t>(gt) << 32 | pred;
  return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ull) >> 32);
}

bool pair_less(const PairCount& a, const PairCount& b) {
  return std::tie(a.gt, a.pred) < std::tie(b.gt, b.pred);
}

}  // namespace

PairCounter::PairCounter() : slots_(kFirstSlots) {}

PairTable PairCounter::count(const IdRuns& gt, const IdRuns& pred) {
  if (gt.size != pred.size)
    fail("the prediction is {}, the ground truth {}", to_string(pred.size), to_string(gt.size));
  for_each_overlap(gt, pred, [this](std::uint32_t g, std::uint32_t p, std::uint32_t pixels) {
    add(g, p, pixels);
  });
  PairTable table;
  table.reserve(used_.size());
  for (const std::uint32_t slot : used_) {
    table.push_back(slots_[slot]);
    slots_[slot].count = 0;
  }
  used_.clear();
  std::sort(table.begin(), table.end(), pair_less);
  return table;
}

PairTable PairCounter::count(const IdMap& gt, const IdMap& pred) {
  return count(to_runs(gt), to_runs(pred));
}

void PairCounter::add(std::uint32_t gt, std::uint32_t pred, std::int64_t count) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash_pair(gt, pred) & mask;; slot = (slot + 1) & mask) {
    PairCount& entry = slots_[slot];
    if (entry.count == 0) {
      entry = {gt, pred, count};
      used_.push_back(static_cast<std::uint32_t>(slot));
      if (2 * used_.size() > slots_.size()) grow();
      return;
    }
    if (entry.gt == gt && entry.pred == pred) {
      entry.count += count;
      return;
    }
  }
}

void PairCounter::grow() {
  std::vector<PairCount> old(2 * slots_.size());
  old.swap(slots_);
  used_.clear();
  for (const PairCount& entry : old)
    if (entry.count != 0) add(entry.gt, entry.pred, entry.count);
}

PairTable map_values(const PairTable& table, const std::function<std::uint32_t(std::uint32_t)>& gt,
                     const std::function<std::uint32_t(std::uint32_t)>& pred) {
  PairTable mapped;
  mapped.reserve(table.size());
  for (const PairCount& pair : table) mapped.push_back({gt(pair.gt), pred(pair.pred), pair.count});
  std::sort(mapped.begin(), mapped.end(), pair_less);
  PairTable unique;
  unique.reserve(mapped.size());
  for (const PairCount& pair : mapped) {
    if (!unique.empty() && unique.back().gt == pair.gt && unique.back().pred == pair.pred)
      unique.back().count += pair.count;
    else
      unique.push_back(pair);
  }
  return unique;
}

PairTable add_tables(const PairTable& a, const PairTable& b) {
  PairTable sum;
  sum.reserve(a.size() + b.size());
  auto i = a.begin(), j = b.begin();
  while (i != a.end() || j != b.end()) {
    if (j == b.end() || (i != a.end() && pair_less(*i, *j))) {
      sum.push_back(*i++);
    } else if (i == a.end() || pair_less(*j, *i)) {
      sum.push_back(*j++);
    } else {
      sum.push_back({i->gt, i->pred, i->count + j->count});
      ++i, ++j;
    }
  }
  return sum;
}

}  // namespace tessera
