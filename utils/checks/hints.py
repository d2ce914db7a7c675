"""The text of every hint, in both languages, and the choice between them."""

import sys

HINTS = {
    # What is wrong with an answer of any kind.
    "right": ("{name}: 맞습니다.", "{name}: correct."),
    "unfinished": (
        "{name}: 아직 풀지 않은 문제입니다.",
        "{name}: this exercise has not been answered yet.",
    ),
    "raised": (
        "{name}: 실행하는 동안 오류가 났습니다. {error}",
        "{name}: an error was raised while it ran. {error}",
    ),
    "not_tensor": (
        "{name}: 텐서 대신 {kind}을(를) 돌려주었습니다. return을 빠뜨리지 않았습니까?",
        "{name}: it must return a tensor, got {kind}. Is the return statement missing?",
    ),
    "not_function": (
        "{name}: 함수여야 하는데 {kind}입니다. def로 함수를 정의하세요.",
        "{name}: it must be a function, got {kind}. Define one with def.",
    ),
    "not_choice": (
        "{name}: 다음 가운데 하나를 문자열로 쓰세요: {words}",
        "{name}: write one of these words as a string: {words}",
    ),
    "not_number": (
        "{name}: 유한한 수 하나여야 하는데 {value}입니다.",
        "{name}: it must be one finite number, got {value}.",
    ),
    "transposed": (
        "{name}: 축이 뒤바뀌었습니다. 모양이 {want}이어야 하는데 {got}입니다.",
        "{name}: the dimensions are swapped: the shape must be {want}, got {got}.",
    ),
    "shape": (
        "{name}: 모양이 {want}이어야 하는데 {got}입니다.",
        "{name}: the shape must be {want}, got {got}.",
    ),
    "nan": (
        "{name}: 결과에 NaN이나 무한대가 있습니다. "
        "0으로 나누거나 음수의 제곱근을 구하는 곳을 찾아보세요.",
        "{name}: the result holds NaN or infinity. Look for a division by 0 or the root of a "
        "negative number.",
    ),
    "mutated": (
        "{name}: 인수로 받은 텐서를 고쳐 썼습니다. 새 텐서를 만들어 돌려주세요.",
        "{name}: it overwrites a tensor that it was given. Make a new one and return that.",
    ),
    # The projects.
    "no_claim": (
        "{name}: {value}은(는) '측정한 것들' 페이지에 없는 이름입니다.",
        "{name}: no claim of the page of claims is called {value}.",
    ),
    "not_setting": (
        "{name}: 설정의 이름과 값을 담은 dict여야 하는데 {kind}입니다.",
        "{name}: it must be a dict of settings and their values, got {kind}.",
    ),
    "other_keys": (
        "{name}: original과 같은 설정들을 담아야 합니다. 값만 하나 바꾸세요.",
        "{name}: it must hold the same settings as original; change one value only.",
    ),
    "one_change": (
        "{name}: original과 한 곳만 달라야 하는데 {count}곳이 다릅니다.",
        "{name}: it must differ from original in one value, and differs in {count}.",
    ),
    "not_seeded": (
        "{name}: 같은 시드로 두 번 측정하니 값이 다릅니다. 난수는 seed로 만든 생성기에서 뽑으세요.",
        "{name}: two runs with one seed differ. Take random numbers from a generator made with "
        "seed.",
    ),
    "no_bounds": (
        "{name}: 원래 설정에서 {original}, 바꾼 설정에서 {changed}. 강의의 노트북이 없어 한계와 "
        "비교하지 못했습니다. 채점할 때 비교합니다.",
        "{name}: {original} with the original setting, {changed} with the changed one. The "
        "course's notebooks are not here, so the bound is compared when you are graded.",
    ),
    "original_misses": (
        "{name}: 원래 설정에서부터 {claim}의 한계({bound})를 지키지 못합니다({values}). "
        "본문과 같은 것을 측정하는지 보세요.",
        "{name}: even with the original setting the bound of {claim} ({bound}) is missed "
        "({values}). Do you measure what the text measures?",
    ),
    "still_holds": (
        "{name}: 바꾼 설정에서도 {claim}의 한계({bound})를 지킵니다({values}).",
        "{name}: with the changed setting, too, the bound of {claim} ({bound}) is kept ({values}).",
    ),
    "broken": (
        "{name}: 바꾼 설정에서 {claim}의 한계({bound})를 벗어납니다({values}).",
        "{name}: with the changed setting the bound of {claim} ({bound}) is missed ({values}).",
    ),
    "not_numbers": (
        "{name}: 유한한 수가 {least}개 이상 든 목록이어야 하는데 {value}입니다.",
        "{name}: it must be a list of at least {least} finite numbers, got {value}.",
    ),
    "other_count": (
        "{name}: 그림에서 읽은 값이 {want}개이니 측정한 값도 {want}개여야 합니다. "
        "measure가 준 것은 {got}개, measured에는 {said}개입니다.",
        "{name}: {want} values were read from the figure, so {want} must be measured; measure "
        "gives {got}, and measured holds {said}.",
    ),
    "not_measured": (
        "{name}: measure(0)이 다른 값을 줍니다: {values}",
        "{name}: measure(0) gives other values: {values}",
    ),
    # The contest.
    "fifth_call": (
        "{name}: 신경망은 {allowed}번까지만 호출할 수 있습니다. 그다음 호출은 거절됩니다.",
        "{name}: the network may be called {allowed} times; the next call is refused.",
    ),
    "call_shape": (
        "{name}: 호출마다 모양이 {want}인 점들과, 시각 하나 또는 점마다 시각 하나를 주세요.",
        "{name}: a call takes points of shape {want}, and one time or one for each point.",
    ),
    "not_repeatable": (
        "{name}: 처음부터 다시 실행하니 다른 샘플이 나왔습니다. 난수는 seed로 만든 생성기에서만 "
        "뽑고, 호출 사이에 아무것도 기억하지 마세요.",
        "{name}: started afresh, it drew other samples. Take random numbers only from a generator "
        "made with seed, and remember nothing between calls.",
    ),
    "better": (
        "{name}: 맞습니다. {where} 에너지 거리가 {got}입니다. {than}의 {bar}보다 좋습니다.",
        "{name}: correct. {where} its energy distance, {got}, is better than that of {than}, "
        "{bar}.",
    ),
    "not_better": (
        "{name}: {where} 에너지 거리가 {got}입니다. {than}의 {bar}보다 좋지 않거나, "
        "차이가 시드에 따른 흔들림보다 작습니다.",
        "{name}: {where} its energy distance, {got}, is not better than that of {than}, {bar}, "
        "or by no more than the spread over seeds.",
    ),
    "where_given": ("받은 신경망에서", "On the network that you were given,"),
    "where_hidden": ("채점에 쓰는 신경망 {number}개에서", "On the {number} networks that count,"),
    "than_euler": ("오일러 방법", "Euler's method"),
    "than_midpoint": ("중점 방법", "the midpoint method"),
    "sign": ("{name}: 부호가 반대입니다.", "{name}: the sign is flipped."),
    "squared": (
        "{name}: 제곱근을 빠뜨렸습니다. 올바른 값의 제곱이 나왔습니다.",
        "{name}: the square root is missing: this is the square of the right value.",
    ),
    "rooted": (
        "{name}: 제곱해야 할 값에 제곱근이 씌워져 있습니다.",
        "{name}: this is the square root of the right value.",
    ),
    "factor": (
        "{name}: 올바른 값의 {factor:.3g}배입니다. 상수 배가 빠졌거나 남는지 보세요.",
        "{name}: this is {factor:.3g} times the right value. Look for a constant factor.",
    ),
    "differs": (
        "{name}: 올바른 값과 다릅니다. 처음 다른 곳의 올바른 값은 {want:.4g}인데 {got:.4g}입니다.",
        "{name}: it differs from the right value: where it first does, {want:.4g} is right and "
        "this is {got:.4g}.",
    ),
    # What is wrong with a number that was measured.
    "number_range": (
        "{name}: {value:.4g}은(는) 나올 수 없는 값입니다. {low:g}에서 {high:g} 사이여야 합니다.",
        "{name}: {value:.4g} cannot be right: it must lie between {low:g} and {high:g}.",
    ),
    "number_differs": (
        "{name}: {value:.4g}은(는) 다시 측정한 값과 {tolerance:.2g}보다 더 다릅니다.",
        "{name}: {value:.4g} is further than {tolerance:.2g} from the value measured again.",
    ),
    "percent": (
        "{name}: 백분율로 적었습니다. 비율(0에서 1)로 적으세요.",
        "{name}: this is a percentage; report a share between 0 and 1.",
    ),
    "swapped_ratio": (
        "{name}: 분자와 분모가 바뀌었습니다.",
        "{name}: the ratio is upside down.",
    ),
    "complement": (
        "{name}: 조건에 맞지 않는 것의 비율입니다.",
        "{name}: this is the share of those that do not meet the condition.",
    ),
    "amplitude": (
        "{name}: 세기(분산)가 아니라 진폭의 비를 썼습니다. 계수를 제곱하세요.",
        "{name}: this compares amplitudes, not powers: square the coefficients.",
    ),
    "per_dimension": (
        "{name}: 차원마다의 값입니다. 두 좌표의 몫을 더하세요.",
        "{name}: this is the value for one dimension; add up both coordinates.",
    ),
    "factor_for_order": (
        "{name}: 오차가 줄어든 배수입니다. 차수는 그 수의 밑이 2인 로그입니다.",
        "{name}: this is the factor by which the error shrinks; the order is its logarithm to "
        "base 2.",
    ),
    "other_order": (
        "{name}: 다른 방법의 차수입니다. method를 다시 보세요.",
        "{name}: this is the order of another method: look at method again.",
    ),
    "one_fewer": (
        "{name}: 하나 적습니다. 0부터 세지 않았는지 보세요.",
        "{name}: this is one too few: did you count from 0?",
    ),
    # Mistakes of a cost or a loss.
    "unsquared": (
        "{name}: 거리를 제곱하지 않았습니다. 비용은 거리의 제곱입니다.",
        "{name}: the distance is not squared: the cost is the squared distance.",
    ),
    "sum": (
        "{name}: 평균을 내야 하는 곳에서 더하기만 했습니다.",
        "{name}: this is a sum where a mean is asked for.",
    ),
    "per_sample": (
        "{name}: 좌표마다 평균을 내지 않고 표본마다 더했습니다. 1/D를 빠뜨렸습니다.",
        "{name}: it sums over the coordinates of a sample: the factor 1/D is missing.",
    ),
    "identity_pairs": (
        "{name}: 주어진 순서대로 짝지었습니다. 비용이 가장 작은 짝을 찾아야 합니다.",
        "{name}: it pairs the points in the order given; find the cheapest pairing.",
    ),
    "nearest": (
        "{name}: 점마다 가장 가까운 점을 골랐습니다. 한 점을 두 번 쓰면 짝짓기가 아닙니다.",
        "{name}: it takes the nearest point for each; a pairing uses every point once.",
    ),
    # Mistakes of a path, a velocity or a drift.
    "swapped": (
        "{name}: 두 끝이 바뀌었습니다. x_0은 노이즈, x_1은 데이터입니다.",
        "{name}: the endpoints are swapped: x_0 is noise and x_1 is data.",
    ),
    "time_flipped": (
        "{name}: 시간이 거꾸로입니다. t = 0이 노이즈, t = 1이 데이터입니다.",
        "{name}: time runs backwards: t = 0 is noise and t = 1 is data.",
    ),
    "undivided": (
        "{name}: 남은 시간으로 나누지 않았습니다. 이것은 변위이지 속도가 아닙니다.",
        "{name}: it is not divided by the time that is left: a displacement, not a velocity.",
    ),
    "no_sigma_min": (
        "{name}: 끝에 남는 노이즈 sigma_min을 빠뜨렸습니다.",
        "{name}: sigma_min, the noise left at the end, is missing.",
    ),
    "target_swapped": (
        "{name}: 목표의 부호가 반대입니다. 목표는 x_1 - x_0입니다.",
        "{name}: the target has the wrong sign: it is x_1 - x_0.",
    ),
    "path_swapped": (
        "{name}: 경로의 두 끝이 바뀌었습니다. t = 0에서 x_0이어야 합니다.",
        "{name}: the path has its endpoints swapped: at t = 0 it must be at x_0.",
    ),
    "no_stretch": (
        "{name}: 비율 c의 변화, 곧 (c'/c) x 항을 빠뜨렸습니다.",
        "{name}: the change of the scale c, the term (c'/c) x, is missing.",
    ),
    "no_rescale": (
        "{name}: 속도장을 x / c가 아니라 x에서 불렀습니다.",
        "{name}: it asks the field at x in place of x / c.",
    ),
    "no_chain": (
        "{name}: 시간의 변화율 tau'을 빠뜨렸습니다. 연쇄 법칙을 다시 보세요.",
        "{name}: the rate tau' of the change of time is missing: look at the chain rule again.",
    ),
    "same_time": (
        "{name}: 속도장을 시각 tau(s)가 아니라 s에서 불렀습니다.",
        "{name}: it asks the field at time s in place of tau(s).",
    ),
    "score_sign": (
        "{name}: 점수 항의 부호가 반대입니다. 점수는 밀도가 높은 쪽을 가리킵니다.",
        "{name}: the score term has the wrong sign: the score points to where the density is high.",
    ),
    "g_unsquared": (
        "{name}: g를 제곱하지 않았습니다. 확산 항은 g의 제곱에 비례합니다.",
        "{name}: g is not squared: the correction is proportional to its square.",
    ),
    "no_half": (
        "{name}: 1/2을 빠뜨렸습니다. 포커르-플랑크 방정식의 확산 항에 있습니다.",
        "{name}: the factor 1/2 of the diffusion term in the Fokker-Planck equation is missing.",
    ),
    "no_score": (
        "{name}: 점수 항이 없습니다. 노이즈만 더하면 분포가 퍼집니다.",
        "{name}: the score term is missing: noise alone spreads the distribution.",
    ),
    # Mistakes of one chapter.
    "unmask_level_is_time": (
        "{name}: 시각을 수준으로 썼습니다. 여기서 수준은 시각의 제곱입니다.",
        "{name}: it takes the time for the level; here the level is the square of the time.",
    ),
    "unmask_frozen_rate": (
        "{name}: 스텝 처음의 점프 비율에 시간을 곱했습니다. 비율은 스텝 안에서도 변합니다.",
        "{name}: it multiplies the rate at the start by the time. The rate changes within the "
        "step, too.",
    ),
    "unmask_not_conditional": (
        "{name}: 이 글자가 t까지 가려져 있었다는 것을 쓰지 않았습니다. 남은 수준으로 나누세요.",
        "{name}: it does not use that the letter is still masked at t. Divide by the level left.",
    ),
    "unmask_of_any": (
        "{name}: 시각 s에 아무 글자나 열려 있을 확률입니다. 이 글자는 t까지 가려져 있었습니다.",
        "{name}: this is how probable it is for any letter to be open at s. This one was masked "
        "at t.",
    ),
    "unmask_divided_by_end": (
        "{name}: 시각 s까지의 수준으로 나누었습니다. t에서 남은 수준으로 나누세요.",
        "{name}: it divides by the level at s. Divide by what is left at t.",
    ),
    "unmask_flipped": (
        "{name}: 열릴 확률과 가려진 채로 남을 확률이 바뀌었습니다.",
        "{name}: being opened and staying masked have changed places.",
    ),
    "unmask_no_mask": (
        "{name}: 가려진 채로 남을 확률이 빠졌습니다. 마지막 열에 쓰세요.",
        "{name}: the probability of staying masked is missing; it is the last column.",
    ),
    "unmask_mask_first": (
        "{name}: 마스크를 맨 앞에 두었습니다. 마스크는 마지막 열입니다.",
        "{name}: the mask comes first; it must be the last column.",
    ),
    "with_entropy": (
        "{name}: 손실 그대로입니다. 데이터의 엔트로피를 빼세요.",
        "{name}: this is the loss itself. Take the entropy of the data from it.",
    ),
    "in_bits": (
        "{name}: 비트로 적었습니다. nats로 적으세요.",
        "{name}: this is in bits; report nats.",
    ),
    "per_letter": (
        "{name}: 글자 하나마다의 값입니다. 문자열 하나마다의 값을 쓰세요.",
        "{name}: this is the value for one letter; report that for one string.",
    ),
    "sees_nothing": (
        "{name}: 앞 글자도 보지 않는 모델의 값입니다.",
        "{name}: this belongs to a model that does not see the letter before either.",
    ),
    "sees_all": (
        "{name}: 정확한 사후 확률의 값입니다. 이 모델은 바로 앞의 글자만 봅니다.",
        "{name}: this belongs to the exact posterior. The model sees only the letter before.",
    ),
    "map_place_left_out": (
        "{name}: 시작이 u만큼 움직일 때의 변화, 즉 by_x가 든 항을 빠뜨렸습니다.",
        "{name}: the change while the start moves with u, the term with by_x, is missing.",
    ),
    "map_average_inserted": (
        "{name}: 우변의 u 자리에 f를 넣었습니다. u는 모르는 값이므로 방정식을 풀어야 합니다.",
        "{name}: it puts f for u on the right; u is unknown, so solve the equation for it.",
    ),
    "map_gap_sign": (
        "{name}: t - s의 부호가 반대입니다.",
        "{name}: t - s has the wrong sign.",
    ),
    "map_gap_left_out": (
        "{name}: 미분에 t - s를 곱하지 않았습니다.",
        "{name}: the derivatives are not multiplied by t - s.",
    ),
    "map_transposed": (
        "{name}: by_x의 행과 열이 바뀌었습니다. 앞이 f의 성분, 뒤가 x의 좌표입니다.",
        "{name}: by_x has rows and columns swapped: [b, i, j] is component i of f by coordinate j.",
    ),
    "same_trajectory": (
        "{name}: 새 노이즈를 섞지 않고 같은 궤적을 이어 갔습니다.",
        "{name}: it goes on along the same trajectory, without fresh noise.",
    ),
    "guided_not_clipped": (
        "{name}: 데이터를 자르지 않았습니다. 색이 타는 것이 그대로 남습니다.",
        "{name}: the data are not clipped, so the colours burn as before.",
    ),
    "guided_clipped_before": (
        "{name}: 두 예측을 먼저 자르고 나서 이끌었습니다. 이끈 다음에 자르세요.",
        "{name}: it clips both predictions and guides afterwards; guide first, then clip.",
    ),
    "guided_velocity_clipped": (
        "{name}: 데이터가 아니라 속도를 잘랐습니다.",
        "{name}: it clips the velocity; clip the data.",
    ),
    "guided_swapped": (
        "{name}: 클래스가 있는 예측과 없는 예측이 바뀌었습니다.",
        "{name}: the predictions with and without the class have changed places.",
    ),
    "guided_from_class": (
        "{name}: w를 1만큼 크게 썼습니다. w = 1이면 클래스의 예측 그대로여야 합니다.",
        "{name}: w is 1 too large: at w = 1 it must be the prediction of the class itself.",
    ),
    "dearest_pairs": (
        "{name}: 가장 비싼 짝을 찾았습니다. 비용의 합이 가장 작은 짝이어야 합니다.",
        "{name}: this is the dearest pairing; find the one with the least cost.",
    ),
    "data_returned": (
        "{name}: 자른 데이터를 돌려주었습니다. 그 데이터에서 노이즈를 다시 구하세요.",
        "{name}: it returns the clipped data; solve for the noise once more.",
    ),
    "unchanged": (
        "{name}: CondOT의 속도장을 그대로 돌려주었습니다. 좌표와 시간을 모두 바꾸어야 합니다.",
        "{name}: this is the field of CondOT itself: both the scale and the time have to change.",
    ),
    "noise_for_score": (
        "{name}: 점수 자리에 노이즈의 추정값을 썼습니다. 표준편차 1 - t로 나누세요.",
        "{name}: it uses the predicted noise as the score; divide it by 1 - t.",
    ),
    "volume_once": (
        "{name}: 비율의 로그를 한 번만 더했습니다. 차원마다 한 번씩 더해야 합니다.",
        "{name}: the logarithm of the scale counts once for each dimension, not once.",
    ),
    "noise_moved": (
        "{name}: 노이즈의 순서를 바꾸었습니다. 노이즈는 그대로 두고 데이터를 옮기세요.",
        "{name}: it reorders the noise; leave the noise in place and move the data.",
    ),
    "no_root_alpha": (
        "{name}: 제곱근을 빠뜨렸습니다. 데이터의 계수는 sqrt(alpha_bar), 노이즈의 계수는 "
        "sqrt(1 - alpha_bar)입니다.",
        "{name}: the square root is missing: the coefficients are sqrt(alpha_bar) for the data and "
        "sqrt(1 - alpha_bar) for the noise.",
    ),
    "bars_swapped": (
        "{name}: 두 계수가 바뀌었습니다. alpha_bar가 1에 가까우면 거의 데이터입니다.",
        "{name}: the coefficients are swapped: with alpha_bar close to 1 it is nearly data.",
    ),
    "not_clipped": (
        "{name}: 데이터를 자르지 않았습니다. 그러면 받은 노이즈가 그대로 나옵니다.",
        "{name}: the data are not clipped: that returns the noise it was given.",
    ),
    "noise_clipped": (
        "{name}: 데이터가 아니라 노이즈를 잘랐습니다.",
        "{name}: it clips the noise; clip the data that follow from it.",
    ),
    "no_weight": (
        "{name}: 가중치 1/p(t)를 빠뜨렸습니다. 뒤쪽 시각이 지나치게 세어집니다.",
        "{name}: the weight 1/p(t) is missing: late times count too much.",
    ),
    "weight_inverted": (
        "{name}: p(t)로 나누어야 하는데 곱했습니다.",
        "{name}: it multiplies by p(t); divide by it.",
    ),
    "no_root_time": (
        "{name}: 시각을 뽑을 때 제곱근을 빠뜨렸습니다. F(t) = t^2의 역함수를 쓰세요.",
        "{name}: the square root is missing where the time is drawn: invert F(t) = t^2.",
    ),
    "nats": (
        "{name}: 비트가 아니라 내트입니다. log 2로 나누세요.",
        "{name}: this is in nats; divide by log 2 to have bits.",
    ),
    "no_volume": (
        "{name}: 데이터를 줄인 비율을 빠뜨렸습니다. 밀도는 부피가 줄면 커집니다.",
        "{name}: the scaling of the data is missing: a density grows where volume shrinks.",
    ),
    "volume_sign": (
        "{name}: 비율의 로그를 반대 부호로 더했습니다.",
        "{name}: the logarithm of the scale has the wrong sign.",
    ),
    "not_per_dim": (
        "{name}: 차원 수로 나누지 않았습니다.",
        "{name}: it is not divided by the number of dimensions.",
    ),
    "dearest": (
        "{name}: 가장 비싼 짝을 찾았습니다. 내적은 최대로 해야 비용이 최소가 됩니다.",
        "{name}: this is the dearest pairing: the cost is least where the inner products are "
        "largest.",
    ),
    "inverse_order": (
        "{name}: 순열이 거꾸로입니다. i번째 노이즈의 짝이 i번째 줄에 와야 합니다.",
        "{name}: the permutation is inverted: row i must be the partner of noise i.",
    ),
    "no_odds": (
        "{name}: 두 길의 비율 p를 빠뜨렸습니다. 로그 승산의 절반이 tanh 안에 들어갑니다.",
        "{name}: the share p of the two ways is missing: half its log-odds belong in the tanh.",
    ),
    "full_odds": (
        "{name}: 로그 승산을 절반으로 나누지 않았습니다.",
        "{name}: the log-odds are not halved.",
    ),
    "odds_swapped": (
        "{name}: p는 +1로 가는 비율인데 -1로 가는 비율로 썼습니다.",
        "{name}: p is the share that goes to +1; it is used as the share of -1.",
    ),
    "variance_unsquared": (
        "{name}: 표준편차 1 - t를 제곱하지 않았습니다. 가우시안의 지수에는 분산이 들어갑니다.",
        "{name}: the standard deviation 1 - t is not squared: the exponent holds the variance.",
    ),
}


def hint(key: str, **values: object) -> str:
    """The text of a hint in the language of ``utils.checks.language``.

    Args:
        key: one of ``HINTS``.
        values: what the text mentions, such as ``name``.

    Returns:
        The hint.

    Raises:
        ValueError: if the language is neither ``"ko"`` nor ``"en"``.
    """
    # The notebook sets it on the package, so it is read there, each time.
    language = sys.modules["utils.checks"].language
    if language not in ("ko", "en"):
        raise ValueError(f'utils.checks.language must be "ko" or "en", got {language!r}')
    return HINTS[key][language == "en"].format(**values)
