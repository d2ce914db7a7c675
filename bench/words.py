"""What the tables say, in the words of each language."""

from bench.turns import OURS

LANGUAGES = ("en", "ko")

# The name of a row; what stands in braces comes from the case.
GROUPS = {
    "train_plane": {
        "en": "training step, MLP in the plane, batch {batch}, {device}",
        "ko": "학습 한 스텝, 평면의 MLP, 배치 {batch}, {device}",
    },
    "train_unet": {
        "en": "training step, UNet on images, batch {batch}, {device}",
        "ko": "학습 한 스텝, 이미지의 UNet, 배치 {batch}, {device}",
    },
    "euler": {
        "en": "Euler, batch {batch}, {steps} evaluations",
        "ko": "오일러 방법, 배치 {batch}, 평가 {steps}회",
    },
    "ddpm": {"en": "DDPM, batch {batch}, {steps} steps", "ko": "DDPM, 배치 {batch}, {steps}스텝"},
    "ddim": {"en": "DDIM, batch {batch}, {steps} steps", "ko": "DDIM, 배치 {batch}, {steps}스텝"},
    "pairing": {
        "en": "OT pairing, {kind}, {n} pairs in {D} dimensions",
        "ko": "최적 수송 짝짓기, {kind}, {D}차원의 {n}쌍",
    },
    "distance": {
        "en": "W2, {kind}, {n} points in the plane",
        "ko": "W2 거리, {kind}, 평면의 점 {n}개",
    },
}
# What a value is called that is a word.
VALUES = {
    "modes": {"en": "noise and eight modes", "ko": "노이즈와 여덟 봉우리"},
    "equal": {"en": "noise and noise", "ko": "노이즈와 노이즈"},
    "cpu": {"en": "CPU", "ko": "CPU"},
    "cuda": {"en": "GPU", "ko": "GPU"},
}
# How the rivals are called; what is missing here is called the same in both languages.
RIVALS = {
    OURS: {"en": "ours", "ko": "이 강의"},
    "bare": {"en": "bare loop", "ko": "맨 반복문"},
    "network": {"en": "network alone", "ko": "신경망만"},
}
# What grows, as the second table calls it.
GROWTH = {
    "batch": {"en": "batch", "ko": "배치"},
    "steps": {"en": "evaluations", "ko": "평가 횟수"},
    "n": {"en": "pairs or points n", "ko": "쌍 또는 점의 수 n"},
    "D": {"en": "dimensions D", "ko": "차원 D"},
}
WORK = {
    "train_plane": {"en": "training step, MLP", "ko": "학습 한 스텝, MLP"},
    "euler": {"en": "Euler", "ko": "오일러 방법"},
    "pairing": {"en": "OT pairing", "ko": "최적 수송 짝짓기"},
    "distance": {"en": "W2", "ko": "W2 거리"},
}
CAPTION = {
    "en": "Measured with `make bench` on {date}: {machine}, one process, one thread; {versions}. "
    "Ratios are the other's time over ours, above 1 ours is faster: the median of pairs that ran "
    "in turns, and their quartiles. What the network alone takes is the share of our time that no "
    "sampler can save, so no ratio of Euler's can be far above 1 where that share is near 1.",
    "ko": "{date}에 `make bench`로 잰 값: {machine}, 프로세스 하나, 스레드 하나; {versions}. "
    "배수는 상대가 쓴 시간을 이 강의의 코드가 쓴 시간으로 나눈 것으로, 1보다 크면 이 강의가 "
    "빠릅니다. 번갈아 실행한 쌍의 중앙값이고 괄호 안은 사분위수입니다. '신경망만'은 이 강의의 시간 "
    "가운데 어떤 샘플러도 줄일 수 없는 몫입니다. 이 몫이 1에 가까우면 오일러 방법의 배수는 1보다 "
    "크게 높아질 수 없습니다.",
}
HEADS = {
    "en": ("What", "ours (ms)", "times as fast as"),
    "ko": ("무엇", "이 강의 (ms)", "상대보다 몇 배 빠른가"),
}
GROWTH_HEADS = {
    "en": ("What", "grows with", "from", "to", "exponent of the time"),
    "ko": ("무엇", "무엇에 따라", "처음", "끝", "시간의 지수"),
}
LOST = {"en": "Where ours is the slower one:", "ko": "이 강의의 코드가 더 느린 곳:"}
NOTHING_LOST = {"en": "Ours is slower nowhere.", "ko": "이 강의의 코드가 더 느린 곳은 없습니다."}
OTHER_REASON = {
    "en": "no known reason; where 1 lies within the quartiles, chance",
    "ko": "알려진 이유 없음. 1이 사분위수 사이에 있으면 우연",
}
SAME_SOLVER = {
    "en": "nearly all the time is spent in the same solver, POT's network simplex (ours, where "
    "few points are wanted by many: SciPy's). We also choose the solver, check that the sets are "
    "finite and equalise their means, which saves up to half of the solver's time on most "
    "sets, and nothing on modes around the noise",
    "ko": "시간은 거의 모두 같은 풀이(POT의 네트워크 심플렉스. 이 강의는 여러 점이 같은 짝을 "
    "다투는 일이 적으면 SciPy)에서 쓰입니다. 이 강의는 풀이를 고르고, 값이 유한한지 확인하고, 두 "
    "평균을 맞춥니다. 평균을 맞추면 대부분의 데이터에서는 풀이 시간을 최대 절반 아끼지만 "
    "봉우리가 노이즈를 둘러싸면 아끼는 것이 없습니다",
}
# Why a rival may win; only said of rows that are lost.
REASONS: dict[tuple[str, str], dict[str, str]] = {
    ("euler", "bare"): {
        "en": "a bare loop checks neither the points nor the shape of what the network returns",
        "ko": "맨 반복문은 시작점도, 신경망이 돌려준 모양도 확인하지 않습니다",
    },
    **{(group, "POT"): SAME_SOLVER for group in ("pairing", "distance")},
    ("distance", "torchcfm"): {
        "en": "the same solver on both sides; torchcfm computes the distances in float32 by a "
        "matrix product, which is sooner done and loses digits",
        "ko": "양쪽의 풀이는 같고, torchcfm은 거리를 float32 행렬곱으로 계산합니다. 더 빠르지만 "
        "자릿수를 잃습니다",
    },
}
