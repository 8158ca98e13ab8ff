#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

/// Number of single-character insertions, deletions, replacements and neighbour swaps between two
/// words.
int edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, or an empty string when none is near enough to be what was
/// meant.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

/// " (did you mean 'x'?)" for the nearest candidate, or an empty string.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// 1234567 bytes as "1.18 MiB".
std::string format_bytes(std::uint64_t bytes);

/// "a, b, c and 17 more": at most `shown` items by name.
std::string summarize(const std::vector<std::string>& items, std::size_t shown = 5);

}  // namespace tessera
