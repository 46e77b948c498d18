import { type RefObject, useEffect, useRef, useState } from 'react';

/** Whether an element has been on the screen. */
export function useSeen(): readonly [ref: RefObject<HTMLSpanElement | null>, seen: boolean] {
  const ref = useRef<HTMLSpanElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (element === null || seen) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [seen]);
  return [ref, seen];
}
