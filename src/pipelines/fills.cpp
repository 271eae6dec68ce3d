#include "pipelines/fills.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pipelines/scores.h"

namespace nacre {
namespace {

/// The positions of the `count` largest, best first. The steps are those of torch.topk, so that equal scores, which a vocabulary
/// has, come in its order. https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/native/TopKImpl.h
std::vector<size_t> top_of(std::span<const double> scores, size_t count) {
  std::vector<size_t> out(scores.size());
  std::iota(out.begin(), out.end(), size_t{0});
  if ((count = std::min(count, out.size())) == 0) return {};
  const auto better = [&](size_t a, size_t b) {
    return std::isnan(scores[a]) != std::isnan(scores[b]) ? std::isnan(scores[a]) : scores[a] > scores[b];
  };
  const auto last = out.begin() + static_cast<std::ptrdiff_t>(count) - 1;
  if (count * 64 <= out.size()) {
    std::partial_sort(out.begin(), last + 1, out.end(), better);
  } else {
    std::nth_element(out.begin(), last, out.end(), better);
    std::sort(out.begin(), last, better);
  }
  out.resize(count);
  return out;
}

class Filler {
 public:
  Filler(const FillRules& rules, std::span<const uint32_t> ids, size_t masks) : rules_(rules), ids_(ids), masks_(masks) {}

  Result<std::vector<Fill>> fill(size_t place, std::span<const float> logits) const {
    const std::vector<double> all = softmax(logits);
    std::vector<double> scores = all;
    if (!rules_.targets.empty()) {
      scores.clear();
      for (const uint32_t id : rules_.targets) scores.push_back(id < all.size() ? all[id] : 0);
    }
    std::vector<Fill> out;
    for (const size_t i : top_of(scores, std::max<size_t>(rules_.top_k, 1))) {
      const uint32_t id = rules_.targets.empty() ? static_cast<uint32_t>(i) : rules_.targets[i];
      out.push_back({scores[i], id, NACRE_TRY(rules_.tokenizer.decode(std::span(&id, 1), false)), NACRE_TRY(sequence(place, id))});
    }
    return out;
  }

 private:
  /// With several masks the special tokens stay: the other masks would vanish with them.
  Result<std::string> sequence(size_t place, uint32_t id) const {
    std::vector<uint32_t> filled(ids_.begin(), ids_.end());
    filled[place] = id;
    std::erase_if(filled, [&](uint32_t each) { return each == rules_.pad_id; });
    return rules_.tokenizer.decode(filled, masks_ == 1);
  }

  const FillRules& rules_;
  std::span<const uint32_t> ids_;
  size_t masks_;
};

}  // namespace

Result<std::vector<std::vector<Fill>>> fills_of(const FillRules& rules, std::span<const uint32_t> ids, std::span<const float> logits) {
  const auto masks = static_cast<size_t>(std::count(ids.begin(), ids.end(), rules.mask_id));
  const Filler filler(rules, ids, masks);
  const size_t width = logits.size() / std::max<size_t>(ids.size(), 1);
  std::vector<std::vector<Fill>> out;
  for (size_t place = 0; place < ids.size(); ++place)
    if (ids[place] == rules.mask_id) out.push_back(NACRE_TRY(filler.fill(place, logits.subspan(place * width, width))));
  return out;
}

// The list and its order: transformers/tokenization_utils_base.py, clean_up_tokenization.
std::string clean_up_spaces(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> rules[] = {{" .", "."},     {" ?", "?"},     {" !", "!"},   {" ,", ","},
                                                                     {" ' ", "'"},    {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"},
                                                                     {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : rules)
    for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  return text;
}

}  // namespace nacre
